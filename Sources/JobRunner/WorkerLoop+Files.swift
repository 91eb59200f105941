import Archive
import BlobStorage
import CodecHost
import Cryptography
import JobModel
import Logging
import POSIX
import Queue

extension WorkerLoop {
    /// Claimed images whose results are to be stored.
    struct Batch: Sendable {
        struct Entry: Sendable {
            let claim: ClaimedImage
            /// Why the image was not handed out, if so.
            let inputFault: ImageFailure?
            /// The image's outcome, if it was handed out.
            let outcome: CodecOutcome?
        }

        let entries: [Entry]
        /// Tells whether the images were taken away meanwhile.
        let handout: Handout
        /// Keeps the leases until it is cancelled.
        let heartbeat: Task<Void, Never>
        /// The durations so far.
        let times: BatchTimes
    }

    /// A file and its artefact part, or why one of them cannot be read.
    enum Input: Sendable {
        case success(HashedBytes, ArtefactPart<HashedBytes>)
        case fault(ImageFailure)
        /// The storage does not answer, which is not the image's fault.
        case away

        var fault: ImageFailure? {
            if case .fault(let failure) = self { failure } else { nil }
        }
    }

    // MARK: - Reading inputs

    /// Reads the files of claims, and each imported picture once; a disk error affects only the
    /// images that need the file.
    func read(_ claims: [ClaimedImage]) async -> [Input] {
        let (blobs, gate) = (blobs, gate)
        return await disk.run {
            /// Returns what an error makes of an image. A storage that answers others counts against
            /// it, so that a single file that nobody gets does not keep everybody from working.
            func fault(of error: BlobStorageError, with file: File) -> Input {
                if case .unreachable = error, (try? blobs.checkWrites()) == nil {
                    gate.close(.away)
                    return .away
                }
                return .fault(Self.failure(of: error, with: file))
            }
            var imported: [SHA256Digest: Result<HashedBytes, BlobStorageError>] = [:]
            return claims.map { claim in
                let input: HashedBytes
                do throws(BlobStorageError) {
                    input = try Self.read(claim.inputSHA256, from: blobs).get()
                } catch {
                    return fault(of: error, with: .upload)
                }
                do throws(BlobStorageError) {
                    return .success(
                        input,
                        try claim.artefact.mapImported { sha256 throws(BlobStorageError) in
                            let read = imported[sha256] ?? Self.read(sha256, from: blobs)
                            imported[sha256] = read
                            return try read.get()
                        }
                    )
                } catch {
                    return fault(of: error, with: .importedPicture)
                }
            }
        }
    }

    private static func read(
        _ sha256: SHA256Digest,
        from blobs: any BlobStorage
    ) -> Result<HashedBytes, BlobStorageError> {
        do throws(BlobStorageError) {
            return .success(HashedBytes(try blobs.read(sha256), sha256: sha256))
        } catch {
            return .failure(error)
        }
    }

    // MARK: - Storing results

    /// Writes results to disk, then finishes their claims in the store.
    func commit(_ batch: Batch) async {
        defer { batch.heartbeat.cancel() }
        let begin = ContinuousClock.now
        let outcomes = await store(batch)
        defer { ledger.settle(outcomes.flatMap(\.1.files)) }
        for case (let claim, .crashed(let reason)) in outcomes {
            logger.warning(
                "an image ended its codec process",
                metadata: [
                    "job.id": "\(claim.jobID)", "image.number": .stringConvertible(claim.number),
                    "image.attempt": .stringConvertible(claim.attempt),
                    "codec.reason": "\(reason)",
                ]
            )
        }
        let written = ContinuousClock.now
        await finish(outcomes)
        report(
            batch,
            outcomes,
            write: begin.duration(to: written),
            commit: written.duration(to: .now)
        )
    }

    /// Writes results, and waits for a storage that does not answer, since they are worth keeping.
    ///
    /// What cannot be written until the loop is cancelled, the images are taken away or a long time
    /// has passed is given back.
    private func store(_ batch: Batch) async -> [(ClaimedImage, ImageOutcome)] {
        let (ledger, gate) = (ledger, gate)
        let deadline = ContinuousClock.now + configuration.lease * Self.leasesToWait
        var delay: Duration = .milliseconds(100)
        var outcomes: [ImageOutcome?] = batch.entries.map { _ in nil }
        while true {
            let open = outcomes.indices.filter { outcomes[$0] == nil }
            let isLast =
                Task.isCancelled || batch.handout.isAbandoned || ContinuousClock.now > deadline
            let written = await disk.run {
                let entries = open.map { batch.entries[$0] }
                if let outcomes = Self.storeTogether(entries, by: ledger) {
                    return outcomes.map { Result<ImageOutcome, BlobStorageError>.success($0) }
                }
                return entries.map { entry in
                    do throws(BlobStorageError) {
                        return .success(try Self.store(entry, by: ledger, gate))
                    } catch {
                        return isLast ? .success(.released) : .failure(error)
                    }
                }
            }
            for (place, result) in zip(open, written) {
                switch result {
                case .success(let outcome): outcomes[place] = outcome
                case .failure(let error): faults.error("results could not be stored", error)
                }
            }
            guard outcomes.contains(where: { $0 == nil }) else { break }
            // The sleep ends with the loop.
            try? await Task.sleep(for: delay)
            delay = min(delay * 2, configuration.maxFaultDelay)
        }
        return zip(batch.entries, outcomes).map { ($0.claim, $1 ?? .released) }
    }

    /// For how many leases a worker keeps results that it cannot write.
    private static let leasesToWait = 10

    /// The most files that are open at once while results are written.
    private static let filesTogether = 256

    /// Writes several results with one flush of the disk, instead of one each.
    ///
    /// - Returns: Their outcomes, as of ``store(_:by:_:)``; `nil` if they are too many, or for a
    ///   fault, which that then finds with the result that has it.
    private static func storeTogether(
        _ entries: [Batch.Entry],
        by ledger: BlobLedger
    ) -> [ImageOutcome]? {
        let pictures = entries.compactMap(Picture.init)
        guard pictures.count > 1,
            pictures.reduce(0, { $0 + 1 + $1.image.attachments.count }) <= filesTogether,
            var stored = try? put(pictures, by: ledger)[...]
        else { return nil }
        return entries.map { unprotected($0) ?? stored.popFirst() ?? .released }
    }

    /// Writes one result; its files stay noted in the ledger, so that no sweep removes them however
    /// late their row is written.
    ///
    /// - Throws: ``BlobStorageError/unreachable(_:)`` alone; then it may be tried again.
    private static func store(
        _ entry: Batch.Entry,
        by ledger: BlobLedger,
        _ gate: DiskGate
    ) throws(BlobStorageError) -> ImageOutcome {
        guard let picture = Picture(entry) else { return unprotected(entry) ?? .released }
        do throws(BlobStorageError) {
            return try put([picture], by: ledger).first ?? .released
        } catch {
            switch error {
            case .unreachable: throw error
            case .noSpace:
                gate.close()
                return .released
            default: return .retry(failure(of: error, with: .result))
            }
        }
    }

    /// The outcome of an image that has no files; `nil` if it has.
    private static func unprotected(_ entry: Batch.Entry) -> ImageOutcome? {
        switch entry.outcome {
        case nil: .retry(entry.inputFault ?? failure(of: .notFound, with: .upload))
        case .failed(let failure): .failed(failure)
        case .crashed(let reason): .crashed(reason: reason)
        case .released: .released
        case .protected: nil
        }
    }

    /// A protected image that is to be written.
    private struct Picture {
        let claim: ClaimedImage
        let image: ProtectedImage
        let sha256: SHA256Digest

        init?(_ entry: Batch.Entry) {
            guard case .protected(let image, let sha256) = entry.outcome else { return nil }
            (claim, self.image, self.sha256) = (entry.claim, image, sha256)
        }

        /// The attachments as they are stored: the one from which the photo can be recovered sealed.
        func attachments() throws(BlobStorageError) -> [(kind: AttachmentKind, bytes: [UInt8])] {
            var sealed: [(kind: AttachmentKind, bytes: [UInt8])] = []
            for (kind, bytes) in image.attachments {
                guard kind == .recovery else {
                    sealed.append((kind, bytes))
                    continue
                }
                do throws(CryptographyError) {
                    guard let recipient = claim.attachments.recovery,
                        let file = try SealedFile.seal(bytes, to: recipient, subject: sha256)
                    else { throw .randomUnavailable }
                    sealed.append((kind, file))
                } catch {
                    throw .other("a file could not be sealed")
                }
            }
            return sealed
        }
    }

    /// Writes the files of pictures; they stay noted in the ledger.
    ///
    /// - Throws: ``BlobStorageError``; then none is noted.
    private static func put(
        _ pictures: [Picture],
        by ledger: BlobLedger
    ) throws(BlobStorageError) -> [ImageOutcome] {
        var attachments: [[(kind: AttachmentKind, bytes: [UInt8])]] = []
        for picture in pictures { attachments.append(try picture.attachments()) }
        let blobs = try ledger.put(
            pictures.map(\.image.file) + attachments.joined().map(\.bytes)
        )
        guard zip(pictures, blobs).allSatisfy({ $0.sha256 == $1.sha256 }) else {
            ledger.settle(blobs.map(\.sha256))
            throw .corrupt
        }
        var rest = blobs.dropFirst(pictures.count).map(StoredBlob.init)[...]
        return zip(zip(pictures, blobs), attachments).map { written, attachments in
            let (picture, blob) = written
            let stored = rest.prefix(attachments.count)
            rest = rest.dropFirst(attachments.count)
            return .done(
                output: StoredBlob(blob),
                crc32: CRC32.checksum(picture.image.file),
                report: picture.image.report,
                attachments: zip(attachments, stored).map { file, blob in
                    StoredAttachment(
                        kind: file.kind,
                        blob: blob,
                        crc32: CRC32.checksum(file.bytes)
                    )
                }
            )
        }
    }

    /// Finishes claims, retrying while the store fails.
    ///
    /// Computed results are worth keeping, so it retries for as long as a lease lasts. It
    /// waits for a full or failing disk, and for another process that has locked the database,
    /// until the loop is cancelled, so that the images do not pay for them.
    private func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async {
        var delay: Duration = .milliseconds(100)
        let deadline = ContinuousClock.now + configuration.lease
        while true {
            do {
                let counted = try await ends.answer(to: outcomes)
                let lost = counted.count { !$0 }
                if lost > 0 {
                    logger.notice(
                        "results came too late and were dropped",
                        metadata: ["worker.lost": .stringConvertible(lost)]
                    )
                }
                return
            } catch {
                faults.error("results could not be written to the database", error)
                guard ContinuousClock.now < deadline || error.isPassing && !Task.isCancelled
                else { return }
                // Sleep in a task of its own, because a cancelled one would not sleep.
                await Task { [delay] in try? await Task.sleep(for: delay) }.value
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }

    /// The file that a disk error concerns.
    private enum File: String {
        case upload = "uploaded file"
        case importedPicture = "imported semantic image"
        case result = "protected image"
    }

    private static func failure(of error: BlobStorageError, with file: File) -> ImageFailure {
        switch error {
        case .corrupt where file != .result:
            ImageFailure(
                code: "storage_corrupt",
                detail: "The \(file.rawValue) was damaged on the service's disk."
            )
        case .notFound where file != .result:
            ImageFailure(
                code: "storage_missing",
                detail: "The \(file.rawValue) is missing from the service's disk."
            )
        case .noSpace, .notFound, .corrupt, .spoolClosed, .rangeOutsideBlob, .exhausted,
            .unavailable, .unreachable, .other:
            ImageFailure(
                code: "storage_failed",
                detail: file == .result
                    ? "The service could not write the protected image to its disk."
                    : "The service could not read the \(file.rawValue) from its disk."
            )
        }
    }
}

extension StoredBlob {
    fileprivate init(_ blob: BlobReference) { self.init(sha256: blob.sha256, size: blob.size) }
}

extension ImageOutcome {
    /// The blobs of the outcome.
    fileprivate var files: [SHA256Digest] {
        guard case .done(let output, _, _, let attachments) = self else { return [] }
        return [output.sha256] + attachments.map(\.blob.sha256)
    }
}
