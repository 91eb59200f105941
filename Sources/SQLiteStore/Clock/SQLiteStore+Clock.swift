import GRDB
import JobModel
public import Queue

extension SQLiteStore {
    /// Looks at the wall clock, and follows it once it has stayed where it was set.
    public func followClock() async throws(StoreError) -> Int64 {
        try await writeWithoutTransaction { [clock] db in try clock.follow(db) }
    }

    /// Whether nothing may be erased yet, since the clock may have been wrong when the machine was
    /// started.
    public var isTimeInDoubt: Bool { clock.isInDoubt }

    /// Writes something, for a readiness probe.
    public func checkWrites() async throws(StoreError) {
        try await write { [clock] db in try clock.save(db) }
    }

    /// Ends the waits that only a clock which was set back makes so long.
    @discardableResult
    public func endImpossibleWaits() async throws(StoreError) -> Int {
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
