import GRDB
import Queue
import Synchronization

/// The clock of a store, persisted in its database so that a restart continues it.
final class StoreClock: Sendable {
    private struct State {
        var line: TimeLine
        /// The uptime at which the row was last written.
        var saved: Int64
    }

    /// How often the row is written even without a change, in milliseconds.
    ///
    /// It lets a start detect that the clock went back.
    private static let saveInterval: Int64 = 3_600_000

    private let machine: MachineClock
    private let state: Mutex<State>

    /// Starts from the wall clock.
    init(machine: MachineClock) {
        self.machine = machine
        let uptime = machine.uptime()
        state = Mutex(State(line: TimeLine(offset: machine.wall() - uptime), saved: uptime))
    }

    /// The time that rows are written with, in milliseconds since 1970.
    var now: Int64 {
        let uptime = machine.uptime()
        return state.withLock { $0.line.time(at: uptime) }
    }

    /// Whether nothing may be erased yet.
    var isInDoubt: Bool {
        let uptime = machine.uptime()
        return state.withLock { $0.line.isInDoubt(at: uptime) }
    }

    // MARK: - The row

    /// Continues the clock of this boot from its row, without changing the row.
    func attach(_ db: Database) throws {
        guard let row = try Row.fetchOne(db, sql: "SELECT boot, offset_ms FROM clock"),
            row["boot"] == machine.boot
        else {
            return
        }
        state.withLock { $0.line = TimeLine(offset: row["offset_ms"]) }
    }

    /// Continues the clock from its row, and updates the row.
    func resume(_ db: Database) throws {
        // A test may open a database of an earlier schema, which has no clock.
        guard try db.tableExists("clock") else { return }
        let (wall, uptime) = (machine.wall(), machine.uptime())
        var line = TimeLine(offset: wall - uptime)
        if let row = try Row.fetchOne(db, sql: "SELECT * FROM clock") {
            if row["boot"] == machine.boot {
                line = TimeLine(offset: row["offset_ms"], gap: TimeLine.Gap(row: row))
            } else {
                let seen: Int64 = row["seen_at"]
                if wall < seen {
                    // How long the machine was off is unknown; count no time at all.
                    try Self.move(
                        db,
                        by: TimeLine.Step(new: wall - seen, old: wall - seen, began: .min)
                    )
                } else if wall - seen > TimeLine.tolerance {
                    let gap = TimeLine.Gap(
                        began: seen,
                        ended: wall,
                        open: uptime + TimeLine.doubtPeriod
                    )
                    line = TimeLine(offset: wall - uptime, gap: gap)
                }
            }
        }
        try save(db, line, uptime: uptime)
        state.withLock { $0 = State(line: line, saved: uptime) }
    }

    /// Checks whether the wall clock was set, and follows it once it has kept its new setting.
    ///
    /// All times that count down move with it. Call it on the writing connection, so that no other
    /// write can interleave. The rows move in one transaction; the clock moves only after it has
    /// committed.
    ///
    /// - Returns: The step in milliseconds; 0 for none.
    func follow(_ db: Database) throws -> Int64 {
        let (wall, uptime) = (machine.wall(), machine.uptime())
        let (step, saved) = state.withLock { state in
            (state.line.observe(wall: wall, uptime: uptime), state.saved)
        }
        guard step != nil || uptime - saved >= Self.saveInterval else { return 0 }
        var line = state.withLock(\.line)
        try db.inTransaction(.immediate) {
            if let step {
                try Self.move(db, by: step)
                line.follow(step)
            }
            try save(db, line, uptime: uptime)
            return .commit
        }
        state.withLock { $0 = State(line: line, saved: uptime) }
        return step?.new ?? 0
    }

    /// Writes the row.
    func save(_ db: Database) throws {
        guard try db.tableExists("clock") else { return }
        let uptime = machine.uptime()
        try save(db, state.withLock(\.line), uptime: uptime)
    }

    private func save(_ db: Database, _ line: TimeLine, uptime: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO clock (id, boot, offset_ms, seen_at, gap_began, gap_ended, gap_open_ms)
                VALUES (1, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, offset_ms = excluded.offset_ms,
                    seen_at = excluded.seen_at, gap_began = excluded.gap_began, gap_ended = excluded.gap_ended,
                    gap_open_ms = excluded.gap_open_ms
                """,
            arguments: [
                machine.boot, line.offset, line.time(at: uptime), line.gap?.began, line.gap?.ended,
                line.gap?.open,
            ]
        )
    }

    // MARK: - Times that count down

    /// Moves the times of everything that is unfinished or waits for its expiry.
    ///
    /// Finished jobs keep the times of their end. Keys expire by the calendar.
    private static func move(_ db: Database, by step: TimeLine.Step) throws {
        let arguments: StatementArguments = ["new": step.new, "old": step.old, "began": step.began]
        // Move images first, because their step depends on their jobs' creation times.
        try db.execute(
            sql: """
                UPDATE images SET available_at = available_at + moved.step, turn = turn + moved.step,
                    lease_until = lease_until + moved.step, started_at = started_at + moved.step
                FROM (SELECT seq, iif(created_at < :began, :old, :new) AS step FROM jobs WHERE finished_at IS NULL) AS moved
                WHERE images.job = moved.seq AND images.state IN ('queued', 'running')
                """,
            arguments: arguments
        )
        try db.execute(
            sql: """
                UPDATE jobs SET created_at = created_at + step, turn = turn + step, started_at = started_at + step
                FROM (SELECT seq AS moved, iif(created_at < :began, :old, :new) AS step FROM jobs WHERE finished_at IS NULL)
                WHERE seq = moved
                """,
            arguments: arguments
        )
        try db.execute(
            sql: """
                UPDATE jobs SET expires_at = expires_at + iif(expires_at - retention_ms < :began, :old, :new)
                WHERE expires_at IS NOT NULL AND expired_at IS NULL
                """,
            arguments: arguments
        )
        try db.execute(
            sql: """
                UPDATE jobs SET expired_at = expired_at + iif(expired_at < :began, :old, :new) \
                WHERE expired_at IS NOT NULL
                """,
            arguments: arguments
        )
        try db.execute(
            sql: """
                UPDATE webhook_messages SET next_at = next_at + step, ended_at = ended_at + step
                FROM (SELECT seq AS moved, iif(created_at < :began, :old, :new) AS step \
                FROM webhook_messages)
                WHERE seq = moved
                """,
            arguments: arguments
        )
    }
}

extension TimeLine.Gap {
    fileprivate init?(row: Row) {
        guard let began: Int64 = row["gap_began"], let ended: Int64 = row["gap_ended"],
            let open: Int64 = row["gap_open_ms"]
        else { return nil }
        self.init(began: began, ended: ended, open: open)
    }
}
