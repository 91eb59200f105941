package import JobModel
package import Queue

extension SQLStore {
    /// Returns the remaining work of every job of every tenant.
    public func unfinishedWork() async throws(StoreError) -> [QueueForecast.Work] {
        try await readOnce { db in
            try db.rows("SELECT * FROM jobs WHERE finished_at IS NULL").map(Self.work)
        }
    }

    private static func work(_ row: SQLRow) throws -> QueueForecast.Work {
        guard let tenant = try APIKeyID(row["tenant"] as String) else {
            throw damaged("key identifier")
        }
        let left = try JobCounts(row: row).unfinishedShare(of: row["pixels"])
        return try QueueForecast.Work(tenant: tenant, turn: row["turn"], pixels: left)
    }
}
