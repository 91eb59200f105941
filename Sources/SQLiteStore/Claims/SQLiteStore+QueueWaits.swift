import GRDB
import JobModel
public import Queue

extension SQLiteStore {
    /// Returns how long claimed images had waited, in seconds.
    public func queueWaits(of claims: [ClaimedImage]) async throws(StoreError) -> [Double] {
        let time = now()
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT available_at FROM images \
                    WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                    """
            )
            return try claims.map { claim in
                let since =
                    try Int64.fetchOne(statement, arguments: [claim.jobID.text, claim.number])
                    ?? time
                return Double(max(time - since, 0)) / 1000
            }
        }
    }
}
