import GRDB
import JobModel

extension JobStore {
    /// Ends the waits of images that would last longer than any wait that is given: since they began, the clock was set back.
    ///
    /// - Returns: How many images need not wait any more.
    /// - Throws: ``JobStoreError``.
    @discardableResult
    public func endImpossibleWaits() async throws(JobStoreError) -> Int {
        let time = now()
        let latest = time + rule.longestDelay.milliseconds
        let count = try await write { db in
            try db.execute(
                sql: "UPDATE images SET available_at = ? WHERE state = 'queued' AND available_at > ?",
                arguments: [time, latest]
            )
            return db.changesCount
        }
        if count > 0 { signal.notify() }
        return count
    }
}
