import JobModel
package import Queue

extension SQLStore {
    /// Ends waits that exceed the longest delay, which only a clock that was set back can cause.
    @discardableResult
    public func endImpossibleWaits() async throws(StoreError) -> Int {
        let count = try await write { [rule] db in
            let time = try db.now
            let latest = time + rule.longestDelay.milliseconds
            let tooLong = "state = 'queued' AND available_at > ?"
            let jobs = try db.values(
                Int64.self,
                "SELECT DISTINCT job FROM images WHERE \(tooLong)",
                [latest]
            )
            try db.lock(.jobs(jobs))
            return try db.execute(
                "UPDATE images SET available_at = ? WHERE \(tooLong)",
                [time, latest]
            )
        }
        if count > 0 { wakeWorkers() }
        return count
    }
}
