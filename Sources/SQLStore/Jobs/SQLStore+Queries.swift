package import JobModel
package import Queue

extension SQLStore {
    /// Returns a job of a tenant.
    public func job(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job? {
        let (known, changes) = parts.jobCache.lookUp(id)
        if let known { return known.tenant == tenant ? known : nil }
        let found = try await readOnce { db in
            try Self.row(db, id, tenant).map { row in
                (job: try Job(row: row), seq: try row["seq"] as Int64)
            }
        }
        if let found, found.job.expiredAt == nil, isOnlyWriterOfJobs {
            parts.jobCache.keep(found.job, seq: found.seq, after: changes)
        }
        return found?.job
    }

    static func job(
        _ db: any SQLSession,
        _ id: JobIdentifier,
        tenant: APIKeyID
    ) throws -> Job? {
        try row(db, id, tenant).map(Job.init(row:))
    }

    private static func row(
        _ db: any SQLSession,
        _ id: JobIdentifier,
        _ tenant: APIKeyID
    ) throws -> SQLRow? {
        try db.row("SELECT * FROM jobs WHERE id = ? AND tenant = ?", [id.text, tenant.text])
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
                let seq = try db.value(
                    Int64.self,
                    "SELECT seq FROM jobs WHERE id = ? AND tenant = ?",
                    [cursor, tenant.text]
                )
                guard let seq else { throw StoreError.invalidCursor }
                first = seq
            }
            let rows = try db.rows(Self.jobsSQL, [tenant.text, first, count + 1])
            let jobs = try rows.map(Job.init(row:))
            // The cursor is the first job of the next page. The last one of this page may be erased
            // by a client that works off the list.
            return JobPage(
                jobs: Array(jobs.prefix(count)),
                nextCursor: jobs.count > count ? jobs.last?.id.text : nil
            )
        }
    }

    static var jobsSQL: String {
        """
        SELECT * FROM jobs WHERE tenant = ? AND seq <= ? AND expired_at IS NULL
        ORDER BY seq DESC LIMIT ?
        """
    }

    /// Returns the images of a job, in the order of their numbers.
    public func images(
        job: JobIdentifier,
        states: Set<ImageState> = Set(ImageState.allCases),
        after number: Int = 0,
        limit: Int = 100
    ) async throws(StoreError) -> [JobImage] {
        guard !states.isEmpty else { return [] }
        let count = min(max(limit, 1), 10_000)
        return try await readOnce { db in
            try db.rows(Self.imagesSQL(in: states), [job.text, number, count]).map(
                JobImage.init(row:)
            )
        }
    }

    /// Builds the query with literal states: a database uses the partial index of failed and
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
            try db.row(
                """
                SELECT * FROM images \
                WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                """,
                [job.text, number]
            ).map(JobImage.init(row:))
        }
    }
}
