import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// A job of a tenant.
    public func job(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job? {
        try await readOnce { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ? AND tenant = ?"),
                arguments: [id.text, tenant.text]
            )
            .map(Job.init(row:))
        }
    }

    /// The jobs of a tenant that have not expired, newest first.
    public func jobs(tenant: APIKeyID, cursor: String? = nil, limit: Int = 100) async throws(StoreError) -> JobPage {
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
            // The next page's first and not this one's last, which may be erased by whoever works the list off.
            return JobPage(
                jobs: Array(jobs.prefix(count)),
                nextCursor: jobs.count > count ? jobs.last?.id.text : nil
            )
        }
    }

    static let jobsSQL = """
        SELECT * FROM jobs WHERE tenant = ? AND seq <= ? AND expired_at IS NULL ORDER BY seq DESC LIMIT ?
        """

    /// The images of a job, in the order of their numbers.
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

    /// The states stand in it as they are, since an index of the failed ones is used for nothing else.
    static func imagesSQL(in states: Set<ImageState>) -> String {
        """
        SELECT * FROM images
        WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number > ?
            AND state IN (\(states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))
        ORDER BY number LIMIT ?
        """
    }

    /// One image of a job.
    public func image(job: JobIdentifier, number: Int) async throws(StoreError) -> JobImage? {
        try await readOnce { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT * FROM images WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?"
                ),
                arguments: [job.text, number]
            ).map(JobImage.init(row:))
        }
    }
}
