import GRDB
import JobModel

extension JobStore {
    /// Looks at the wall clock, and follows it once it has stayed for a minute where it was set:
    /// what is unfinished or waits for its end is moved with it.
    ///
    /// Call it every half minute.
    ///
    /// - Returns: By how many milliseconds the time was moved; 0 for not at all.
    /// - Throws: ``JobStoreError``; then everything is as it was.
    public func followClock() async throws(JobStoreError) -> Int64 {
        try await writeWithoutTransaction { [clock] db in try clock.follow(db) }
    }

    /// Whether nothing may be erased yet, since the clock may have been wrong when the machine was
    /// started.
    public var isTimeInDoubt: Bool { clock.isInDoubt }

    /// Writes something to the database, for a readiness probe.
    ///
    /// - Throws: ``JobStoreError`` if it cannot be written.
    public func checkWrites() async throws(JobStoreError) {
        try await write { [clock] db in try clock.save(db) }
    }

    /// Ends the waits of images that would last longer than any wait that is given: since they began, the clock was set back.
    ///
    /// - Returns: How many images need not wait any more.
    /// - Throws: ``JobStoreError``.
    @discardableResult
    public func endImpossibleWaits() async throws(JobStoreError) -> Int {
        let count = try await write { [now, rule] db in
            let time = now()
            let latest = time + rule.longestDelay.milliseconds
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
