import GRDB
import JobModel

extension JobStore {
    /// How long claimed images had waited, from when they could first be claimed this time; for metrics.
    ///
    /// - Parameter claims: Claims that were just made.
    /// - Returns: Seconds, in the order of the claims; 0 for an image that is not there any more.
    /// - Throws: ``JobStoreError``.
    public func queueWaits(of claims: [ClaimedImage]) async throws(JobStoreError) -> [Double] {
        let time = now()
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT available_at FROM images WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?"
            )
            return try claims.map { claim in
                let since = try Int64.fetchOne(statement, arguments: [claim.jobID.text, claim.number]) ?? time
                return Double(max(time - since, 0)) / 1000
            }
        }
    }
}
