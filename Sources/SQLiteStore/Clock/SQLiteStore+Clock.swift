import GRDB
import JobModel
public import Queue

extension SQLiteStore {
    /// Reads the wall clock, and follows it once it has kept its new setting.
    public func followClock() async throws(StoreError) -> Int64 {
        try await writeWithoutTransaction { [clock] db in try clock.follow(db) }
    }

    /// Whether nothing may be erased yet, because the clock may have been wrong when the machine
    /// booted.
    public var isTimeInDoubt: Bool { clock.isInDoubt }

    /// Writes to the database, for a readiness probe.
    public func checkWrites() async throws(StoreError) {
        try await write { [clock] db in try clock.save(db) }
    }

    /// Ends waits that exceed the longest delay, which only a clock that was set back can cause.
    @discardableResult
    public func endImpossibleWaits() async throws(StoreError) -> Int {
        let count = try await write { [now, rule] db in
            let time = now()
            let latest = time + rule.longestDelay.milliseconds
            try db.execute(
                sql: """
                    UPDATE images SET available_at = ? WHERE state = 'queued' AND available_at > ?
                    """,
                arguments: [time, latest]
            )
            return db.changesCount
        }
        if count > 0 { signal.notify() }
        return count
    }
}
