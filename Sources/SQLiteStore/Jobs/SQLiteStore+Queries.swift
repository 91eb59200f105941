import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Returns a job of a tenant.
    public func job(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job? {
        try await readOnce { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
            .map(Job.init(row:))
        }
    }

    /// Returns a page of a tenant's unexpired jobs, newest first.
    public func jobs(
        tenant: APIKeyID,
        cursor: String? = nil,
        limit: Int = 100
    ) async throws(StoreError) -> JobPage {
        let count = min(max(limit, 1), 1000)
        return try await read { db in
            var first = Int64.max
            if let cursor {
                let seq = try Int64.fetchOne(
                    db,
                    sql: "SELECT seq FROM jobs WHERE id = ? AND tenant = ?",
                    arguments: [cursor, tenant.text]
                )
                guard let seq else { throw StoreError.invalidCursor }
                first = seq
            }
            let rows = try Row.fetchAll(
                db,
                sql: Self.jobsSQL,
                arguments: [tenant.text, first, count + 1]
            )
            let jobs = try rows.map(Job.init(row:))
            // The cursor is the first job of the next page. The last one of this page may be erased
            // by a client that works off the list.
            return JobPage(
                jobs: Array(jobs.prefix(count)),
                nextCursor: jobs.count > count ? jobs.last?.id.text : nil
            )
        }
    }

    static let jobsSQL = """
        SELECT * FROM jobs WHERE tenant = ? AND seq <= ? AND expired_at IS NULL ORDER BY seq DESC LIMIT ?
        """

    /// Returns the images of a job, in the order of their numbers.
    public func images(
        job: JobIdentifier,
        states: Set<ImageState> = Set(ImageState.allCases),
        after number: Int = 0,
        limit: Int = 100
    ) async throws(StoreError) -> [JobImage] {
        let count = min(max(limit, 1), 10_000)
        return try await readOnce { db in
            try Row.fetchAll(
                db.cachedStatement(sql: Self.imagesSQL(in: states)),
                arguments: [job.text, number, count]
            ).map(JobImage.init(row:))
        }
    }

    /// Builds the query with literal states: SQLite uses the partial index of failed and
    /// quarantined images only then.
    static func imagesSQL(in states: Set<ImageState>) -> String {
        """
        SELECT * FROM images
        WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number > ?
            AND state IN (\(states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))
        ORDER BY number LIMIT ?
        """
    }

    /// Returns one image of a job.
    public func image(job: JobIdentifier, number: Int) async throws(StoreError) -> JobImage? {
        try await readOnce { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM images \
                        WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                        """
                ),
                arguments: [job.text, number]
            ).map(JobImage.init(row:))
        }
    }
}
