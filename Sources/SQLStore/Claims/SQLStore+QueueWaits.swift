import JobModel
package import Queue

extension SQLStore {
    /// Returns how long claimed images had waited, in seconds.
    public func queueWaits(of claims: [ClaimedImage]) async throws(StoreError) -> [Double] {
        try await read { db in
            let time = try db.now
            let statement = """
                SELECT available_at FROM images \
                WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                """
            return try db.rowsOfEach(statement, claims.map { [$0.jobID.text, $0.number] }).map {
                let since: Int64? = try $0.first?["available_at"]
                return Double(max(time - (since ?? time), 0)) / 1000
            }
        }
    }

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
