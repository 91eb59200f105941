import Cryptography
import FoundationEssentials
import GRDB
import JobModel

extension JobStore {
    /// Ends one claim.
    ///
    /// - Parameters:
    ///   - claim: The claim.
    ///   - outcome: What became of it.
    /// - Returns: Whether it counted; false if the lease was lost meanwhile, in which case nothing has changed.
    /// - Throws: ``JobStoreError``.
    @discardableResult
    public func finish(_ claim: ClaimedImage, _ outcome: ImageOutcome) async throws(JobStoreError) -> Bool {
        try await finish([(claim, outcome)]) == [true]
    }

    /// Ends claims, each with its own outcome, in one transaction with the states and the counts of their jobs.
    ///
    /// - Parameter outcomes: The claims and what became of them.
    /// - Returns: For each whether it counted, see ``finish(_:_:)``.
    /// - Throws: ``JobStoreError``; then none of them counted.
    @discardableResult
    public func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async throws(JobStoreError) -> [Bool] {
        let time = now()
        let (counted, hasQueued) = try await write { [self] db in
            var ledger = JobLedger()
            let counted = try outcomes.map { claim, outcome in
                guard let image = try HeldImage.fetch(db, claim) else { return false }
                let state = try end(db, image, outcome, now: time)
                ledger.note(job: image.job, from: .running, to: state)
                return true
            }
            try ledger.settle(db, now: time)
            return (counted, ledger.hasQueued)
        }
        if hasQueued { signal.notify() }
        return counted
    }

    /// Writes an outcome into the image's row, and gives the image's new state.
    private func end(_ db: Database, _ image: HeldImage, _ outcome: ImageOutcome, now time: Int64) throws -> ImageState
    {
        switch outcome {
        case .done(let output, let crc32, let report):
            try db.cachedStatement(
                sql: """
                    UPDATE images SET state = 'done', lease_owner = NULL, lease_until = NULL, finished_at = ?,
                        output_sha256 = ?, output_size = ?, output_crc32 = ?, report = ?
                    WHERE id = ?
                    """
            ).execute(
                arguments: [
                    time, Data(output.sha256.bytes), Int64(clamping: output.size), Int64(crc32),
                    try JSONColumn.encode(report), image.id,
                ]
            )
            return .done
        case .failed(let failure):
            return try stop(db, image, as: .failed, failure, now: time)
        case .retry(let failure):
            try count(db, image, "errors", because: failure.detail)
            let verdict = rule.afterError(errors: image.errors + 1, jitter: Double.random(in: 0...1))
            return try carryOut(verdict, db, image, failure, now: time)
        case .crashed(let reason):
            return try crash(db, image, because: reason, now: time)
        case .released:
            return try requeue(db, image, availableAt: time)
        }
    }

    /// Counts a crash and decides what follows.
    func crash(_ db: Database, _ image: HeldImage, because reason: String, now time: Int64) throws -> ImageState {
        try count(db, image, "crashes", because: reason)
        return try carryOut(rule.afterCrash(crashes: image.crashes + 1), db, image, .quarantined, now: time)
    }

    /// Counts an interruption and decides what follows.
    func interrupt(_ db: Database, _ image: HeldImage, because reason: String, now time: Int64) throws -> ImageState {
        try count(db, image, "interruptions", because: reason)
        let verdict = rule.afterInterruption(interruptions: image.interruptions + 1)
        return try carryOut(verdict, db, image, .interrupted, now: time)
    }

    private func carryOut(
        _ verdict: RetryRule.Verdict,
        _ db: Database,
        _ image: HeldImage,
        _ failure: ImageFailure,
        now time: Int64
    ) throws -> ImageState {
        switch verdict {
        case .retry(let delay): try requeue(db, image, availableAt: time + delay.milliseconds)
        case .fail: try stop(db, image, as: .failed, failure, now: time)
        case .quarantine: try stop(db, image, as: .quarantined, failure, now: time)
        }
    }

    private func requeue(_ db: Database, _ image: HeldImage, availableAt: Int64) throws -> ImageState {
        try db.cachedStatement(
            sql:
                "UPDATE images SET state = 'queued', lease_owner = NULL, lease_until = NULL, available_at = ? WHERE id = ?"
        ).execute(arguments: [availableAt, image.id])
        return .queued
    }

    private func stop(
        _ db: Database,
        _ image: HeldImage,
        as state: ImageState,
        _ failure: ImageFailure,
        now time: Int64
    ) throws -> ImageState {
        try db.cachedStatement(
            sql: """
                UPDATE images SET state = ?, lease_owner = NULL, lease_until = NULL, finished_at = ?, failure_code = ?,
                    failure_detail = ?
                WHERE id = ?
                """
        ).execute(arguments: [state.rawValue, time, failure.code, failure.detail, image.id])
        return state
    }

    /// Adds one to one of the three counts of what went wrong.
    private func count(_ db: Database, _ image: HeldImage, _ column: StaticString, because reason: String) throws {
        try db.cachedStatement(sql: "UPDATE images SET \(column) = \(column) + 1, last_fault = ? WHERE id = ?")
            .execute(arguments: [String(reason.prefix(500)), image.id])
    }
}
