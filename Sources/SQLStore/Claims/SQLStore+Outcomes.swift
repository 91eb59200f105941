import JobModel
package import Queue

extension SQLStore {
    /// Ends claims in one transaction.
    @discardableResult
    public func finish(
        _ outcomes: [(ClaimedImage, ImageOutcome)]
    ) async throws(StoreError) -> [Bool] {
        let (counted, wakesWorkers) = try await write { [self] db in
            try db.lock(.namedJobs(outcomes.map(\.0.jobID.text)))
            let claimed = try HeldImage.fetch(db, outcomes.map(\.0))
            let time = try db.now
            var ledger = JobLedger()
            var writes: [(image: HeldImage, write: ImageWrite)] = []
            var attachments: [(image: Int64, attachment: StoredAttachment)] = []
            // One that is told twice in a call counts once.
            var ended: Set<Int64> = []
            let counted = try zip(claimed, outcomes).map { claimed, outcome in
                switch claimed {
                case .lost: return false
                case .ended: return true
                case .held(let image):
                    guard ended.insert(image.id).inserted else { return true }
                    writes.append((image, try end(image, outcome.1, now: time)))
                    if case .done(_, _, _, let more) = outcome.1 {
                        attachments += more.map { (image.id, $0) }
                    }
                    return true
                }
            }
            try Self.insert(db, attachments)
            try take(db, writes, &ledger)
            try ledger.settle(db, now: time)
            return (counted, ledger.wakesWorkers)
        }
        if wakesWorkers { wakeWorkers() }
        return counted
    }

    /// What an outcome makes of the image.
    private func end(
        _ image: HeldImage,
        _ outcome: ImageOutcome,
        now time: Int64
    ) throws -> ImageWrite {
        switch outcome {
        case .done(let output, let crc32, let report, _):
            let result = ImageWrite.Result(output: output, crc32: crc32, report: report)
            return try write(image, .protected, now: time, result: result, byWorker: true)
        case .failed(let failure):
            return try write(image, .refused(failure), now: time, byWorker: true)
        case .retry(let failure):
            let event = ImageEvent.machineFailed(failure, jitter: Double.random(in: 0...1))
            return try write(image, event, now: time, fault: failure.detail, byWorker: true)
        case .crashed(let reason):
            return try write(image, .crashed, now: time, fault: reason, byWorker: true)
        case .released:
            return try write(image, .released, now: time, byWorker: true)
        }
    }
}
