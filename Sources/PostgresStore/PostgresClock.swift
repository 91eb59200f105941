import Glibc
import POSIX
import SQLStore
import Synchronization

/// The database's clock, which all machines go by, and what this machine knows of it meanwhile.
final class PostgresClock: Sendable {
    private let fixed: (@Sendable () -> Int64)?
    /// The database's time minus this machine's uptime, in milliseconds.
    private let offset = Mutex<Int64>(0)

    /// The database's clock; for tests one that somebody else sets.
    init(_ fixed: (@Sendable () -> Int64)? = nil) {
        self.fixed = fixed
    }

    /// Whether somebody else sets it.
    var isFixed: Bool { fixed != nil }

    /// Asks the database.
    func read(_ session: any SQLSession) throws -> Int64 {
        if let fixed { return fixed() }
        let before = Uptime.milliseconds
        guard let time = try session.value(Int64.self, Self.question) else { return estimate }
        offset.withLock { $0 = time - (before + Uptime.milliseconds) / 2 }
        return time
    }

    /// The statement that asks the database.
    static let question = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"

    /// Takes an answer that has just come.
    func note(_ time: Int64?) -> Int64? {
        guard let time else { return nil }
        offset.withLock { $0 = time - Uptime.milliseconds }
        return time
    }

    /// The time without asking: wrong by what the way to the database took last.
    var estimate: Int64 {
        fixed?() ?? Uptime.milliseconds + offset.withLock { $0 }
    }

    /// How far it is ahead of this machine's wall clock, by what was last read.
    var offsetFromWall: Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let wall = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return .milliseconds(estimate - wall)
    }
}
