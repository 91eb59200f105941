import Archive
import BlobStore
import JobModel
import JobStore
import Logging

extension WorkerLoop {
    /// Images on their way back to the store.
    struct Batch: Sendable {
        struct Entry: Sendable {
            let claim: ClaimedImage
            /// Why the image was not handed out.
            let inputFault: ImageFailure?
            /// What became of it if it was.
            let outcome: CodecOutcome?
        }

        let entries: [Entry]
        /// Keeps the leases until it is cancelled.
        let heartbeat: Task<Void, Never>
    }

    /// A file, or why it cannot be had now.
    enum Input: Sendable {
        case success([UInt8])
        case fault(ImageFailure)

        var fault: ImageFailure? {
            if case .fault(let failure) = self { failure } else { nil }
        }
    }

    // MARK: - In

    /// Reads the files of claims; a fault of the disk concerns its image alone.
    func read(_ claims: [ClaimedImage]) async -> [Input] {
        let blobs = blobs
        return await disk.run {
            claims.map { claim in
                do throws(BlobStoreError) {
                    return .success(try blobs.read(claim.inputSHA256))
                } catch {
                    return .fault(Self.failure(of: error, reading: true))
                }
            }
        }
    }

    // MARK: - Out

    /// Writes results to disk, then says so to the store.
    func commit(_ batch: Batch) async {
        defer { batch.heartbeat.cancel() }
        let blobs = blobs
        let outcomes = await disk.run {
            batch.entries.map { entry in (entry.claim, Self.store(entry, in: blobs)) }
        }
        for case (let claim, .crashed(let reason)) in outcomes {
            logger.warning(
                "An image ended its codec process",
                metadata: [
                    "job.id": "\(claim.jobID)", "image.number": "\(claim.number)", "image.attempt": "\(claim.attempt)",
                    "codec.reason": "\(reason)",
                ]
            )
        }
        await finish(outcomes)
    }

    /// Writes one result.
    private static func store(_ entry: Batch.Entry, in blobs: BlobStore) -> ImageOutcome {
        switch entry.outcome {
        case nil: return .retry(entry.inputFault ?? failure(of: .notFound, reading: true))
        case .failed(let failure): return .failed(failure)
        case .crashed(let reason): return .crashed(reason: reason)
        case .released: return .released
        case .protected(let png, let sha256, let report):
            do throws(BlobStoreError) {
                let blob = try blobs.put(png)
                guard blob.sha256 == sha256 else { throw .corrupt }
                return .done(
                    output: StoredBlob(sha256: blob.sha256, size: blob.size),
                    crc32: CRC32.checksum(png),
                    report: report
                )
            } catch {
                return .retry(failure(of: error, reading: false))
            }
        }
    }

    /// Ends claims; the store may be busy or its disk full for a while, and what was computed is worth some patience.
    private func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async {
        var delay: Duration = .milliseconds(100)
        let patience = ContinuousClock.now + configuration.lease
        while true {
            do {
                let counted = try await store.finish(outcomes)
                let lost = counted.count { !$0 }
                if lost > 0 { logger.notice("Results came too late", metadata: ["worker.lost": "\(lost)"]) }
                return
            } catch {
                logger.error("Results could not be written down", metadata: ["error": "\(error)"])
                guard ContinuousClock.now < patience else { return }
                // In a task of its own, since a cancelled one would not sleep.
                await Task { [delay] in try? await Task.sleep(for: delay) }.value
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }

    private static func failure(of error: BlobStoreError, reading: Bool) -> ImageFailure {
        switch error {
        case .noSpace: ImageFailure(code: "storage_full", detail: "The service's disk is full.")
        case .corrupt where reading:
            ImageFailure(code: "storage_corrupt", detail: "The uploaded file was damaged on the service's disk.")
        case .notFound where reading:
            ImageFailure(code: "storage_missing", detail: "The uploaded file is missing from the service's disk.")
        case .notFound, .corrupt, .spoolClosed, .rangeOutsideBlob, .system:
            ImageFailure(
                code: "storage_failed",
                detail: reading
                    ? "The service could not read the uploaded file from its disk."
                    : "The service could not write the protected image to its disk."
            )
        }
    }
}
