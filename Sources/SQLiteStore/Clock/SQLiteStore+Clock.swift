import GRDB
public import Queue
import SQLStore

extension SQLiteStore {
    /// Reads the wall clock, and follows it once it has kept its new setting.
    public func followClock() async throws(StoreError) -> Int64 {
        let moved = try await writeWithoutTransaction { [clock] db in try clock.follow(db) }
        if moved != 0 { parts.allJobsChanged() }
        return moved
    }

    /// Whether nothing may be erased yet, because the clock may have been wrong when the machine
    /// booted.
    public var isTimeInDoubt: Bool { clock.isInDoubt }

    /// Writes to the database, for a readiness probe.
    public func checkWrites() async throws(StoreError) {
        try await writeWithoutTransaction { [clock] db in try clock.save(db) }
    }
}
