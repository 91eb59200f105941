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
        try db.executeLater(Self.sql, rows.map { try arguments($0, now: now) })
        for job in steps.keys { db.noteChange(ofJob: job) }
    }

    private func arguments(_ row: SQLRow, now: Int64) throws -> SQLArguments {
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
            "state": state.rawValue, "queued": counts.queued, "running": counts.running,
            "done": counts.done, "failed": counts.failed, "quarantined": counts.quarantined,
            "cancelled": counts.cancelled, "doneendings": endings.done,
            "failedendings": endings.failed, "quarantinedendings": endings.quarantined,
            "cancelledendings": endings.cancelled,
            "started": state == .queued ? started : started ?? now,
            "finished": state.isTerminal ? max(now, started ?? now, created) : nil,
            "expires": state.isTerminal ? now + retention : nil, "job": job,
        ]
    }

    private static let sql = """
        UPDATE jobs SET state = :state, queued_count = :queued, running_count = :running,
            done_count = :done, failed_count = :failed, quarantined_count = :quarantined,
            cancelled_count = :cancelled, done_endings = done_endings + :doneendings,
            failed_endings = failed_endings + :failedendings,
            quarantined_endings = quarantined_endings + :quarantinedendings,
            cancelled_endings = cancelled_endings + :cancelledendings,
            started_at = :started, finished_at = :finished, expires_at = :expires
        WHERE seq = :job
        """
}
