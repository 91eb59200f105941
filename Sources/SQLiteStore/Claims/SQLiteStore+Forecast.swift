import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Returns the remaining work of every job of every tenant.
    public func unfinishedWork() async throws(StoreError) -> [QueueForecast.Work] {
        try await readOnce { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: "SELECT * FROM jobs INDEXED BY jobs_unfinished WHERE finished_at IS NULL"
                )
            )
            var work: [QueueForecast.Work] = []
            while let row = try rows.next() { work.append(try Self.work(row)) }
            return work
        }
    }

    private static func work(_ row: Row) throws -> QueueForecast.Work {
        guard let tenant = APIKeyID(row["tenant"] as String) else {
            throw StoreError.corrupt("a row holds no legal key identifier")
        }
        let left = JobCounts(row: row).unfinishedShare(of: row["pixels"])
        return QueueForecast.Work(tenant: tenant, turn: row["turn"], pixels: left)
    }
}
