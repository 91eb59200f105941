import JobModel
import Queue

/// Collects the transitions of images in a transaction and applies them to their jobs before it
/// ends.
struct JobLedger {
    private struct Step: Hashable {
        let old: ImageState
        let new: ImageState
    }

    private var steps: [Int64: [Step: Int]] = [:]

    /// Whether idle workers should look for work again.
    private(set) var wakesWorkers = false

    /// Whether workers should check that they still hold their leases.
    private(set) var endsLeases = false

    /// Records a transition of `count` images of a job.
    mutating func note(job: Int64, _ transition: ImageTransition, count: Int = 1) {
        steps[job, default: [:]][Step(old: transition.old, new: transition.new), default: 0] +=
            count
        guard count > 0 else { return }
        wakesWorkers = wakesWorkers || transition.wakesWorkers
        endsLeases = endsLeases || transition.endsLease
    }

    /// Writes each job's new counts and the state, times and endings that follow from them.
    func settle(_ db: any SQLSession, now: Int64) throws {
        guard !steps.isEmpty else { return }
        let rows = try db.rowsOfEach(
            "SELECT * FROM jobs WHERE seq IN \(db.dialect.numbers(at: "?")) ORDER BY seq",
            [[SQLNumbers(steps.keys.sorted())]]
        ).flatMap(\.self)
        guard rows.count == steps.count else { throw StoreError.corrupt("an image has no job") }
        var table = SQLTable("change", Self.columns)
        for row in rows { table.add(try values(row, now: now)) }
        try db.executeLater(table, Self.sql)
        for job in steps.keys { db.noteChange(ofJob: job) }
    }

    /// The values of ``columns``.
    private func values(_ row: SQLRow, now: Int64) throws -> [(any SQLConvertible)?] {
        let job: Int64 = try row["seq"]
        var counts = try JobCounts(row: row)
        let old = counts.state
        var endings = JobCounts()
        for (step, count) in steps[job] ?? [:] {
            if step.new.isTerminal, !step.old.isTerminal { endings[step.new] += count }
            guard counts.move(count, from: step.old, to: step.new) else {
                throw StoreError.corrupt("the counts of a job are wrong")
            }
        }
        let state = counts.state
        let started: Int64? = try row["started_at"]
        let (created, retention): (Int64, Int64) = try (row["created_at"], row["retention_ms"])
        guard state == old || old.canBecome(state) else {
            throw StoreError.corrupt("a job cannot go from \(old.rawValue) to \(state.rawValue)")
        }
        return [
            job, state.rawValue, counts.queued, counts.running, counts.done, counts.failed,
            counts.quarantined, counts.cancelled, endings.done, endings.failed,
            endings.quarantined, endings.cancelled,
            state == .queued ? started : started ?? now,
            state.isTerminal ? max(now, started ?? now, created) : nil,
            state.isTerminal ? now + retention : nil,
        ]
    }

    private static let columns =
        [SQLTable.Column("job", .integer), SQLTable.Column("state", .text)]
        + [
            "queued", "running", "done", "failed", "quarantined", "cancelled", "doneendings",
            "failedendings", "quarantinedendings", "cancelledendings", "started", "finished",
            "expires",
        ].map { SQLTable.Column($0, .integer) }

    private static func sql(_ source: String) -> String {
        """
        UPDATE jobs SET state = change.state, queued_count = change.queued,
            running_count = change.running, done_count = change.done,
            failed_count = change.failed, quarantined_count = change.quarantined,
            cancelled_count = change.cancelled,
            done_endings = jobs.done_endings + change.doneendings,
            failed_endings = jobs.failed_endings + change.failedendings,
            quarantined_endings = jobs.quarantined_endings + change.quarantinedendings,
            cancelled_endings = jobs.cancelled_endings + change.cancelledendings,
            started_at = change.started, finished_at = change.finished,
            expires_at = change.expires
        FROM \(source) WHERE jobs.seq = change.job
        """
    }
}
