import JobModel
package import Queue

extension SQLStore {
    /// Ends claims in one transaction.
    @discardableResult
    public func finish(
        _ outcomes: [(ClaimedImage, ImageOutcome)]
    ) async throws(StoreError) -> [Bool] {
        let (counted, wakesWorkers) = try await write { [self] db in
            try db.lock(.jobs(Self.jobs(db, of: outcomes.map(\.0))))
            let time = try db.now
            var ledger = JobLedger()
            let counted = try outcomes.map { claim, outcome in
                guard let image = try HeldImage.fetch(db, claim) else {
                    return try HeldImage.hasEnded(db, claim)
                }
                ledger.note(job: image.job, try end(db, image, outcome, now: time))
                return true
            }
            try ledger.settle(db, now: time)
            return (counted, ledger.wakesWorkers)
        }
        if wakesWorkers { wakeWorkers() }
        return counted
    }

    /// Writes an outcome to the image's row.
    private func end(
        _ db: any SQLSession,
        _ image: HeldImage,
        _ outcome: ImageOutcome,
        now time: Int64
    ) throws
        -> ImageTransition
    {
        switch outcome {
        case .done(let output, let crc32, let report, let attachments):
            let result = ImageWrite.Result(output: output, crc32: crc32, report: report)
            try Self.insert(db, attachments, of: image.id)
            return try take(db, image, .protected, now: time, result: result, byWorker: true)
        case .failed(let failure):
            return try take(db, image, .refused(failure), now: time, byWorker: true)
        case .retry(let failure):
            let event = ImageEvent.machineFailed(failure, jitter: Double.random(in: 0...1))
            return try take(db, image, event, now: time, fault: failure.detail, byWorker: true)
        case .crashed(let reason):
            return try take(db, image, .crashed, now: time, fault: reason, byWorker: true)
        case .released:
            return try take(db, image, .released, now: time, byWorker: true)
        }
    }
}
