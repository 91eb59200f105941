import Cryptography
import JobModel
import POSIX

/// Sends photos to a server in jobs, waits for them and writes the results.
struct Submission: Sendable {
    /// One unit of work.
    enum Task: Sendable {
        /// Continue a batch of an earlier run.
        case resume(Batch)
        /// Send new photos.
        case send([PlannedPicture])
    }

    let server: JobServer
    let settings: ProtectionSettings
    let protectsAgain: Bool
    let openJobs: OpenJobs
    let results: ResultFiles
    private let parallel: Int
    private let disk: BlockingExecutor

    init(
        server: JobServer,
        settings: ProtectionSettings,
        protectsAgain: Bool,
        openJobs: OpenJobs,
        results: ResultFiles,
        parallel: Int
    ) {
        self.server = server
        self.settings = settings
        self.protectsAgain = protectsAgain
        self.openJobs = openJobs
        self.results = results
        self.parallel = parallel
        disk = BlockingExecutor(label: "palimpsest.files", width: parallel)
    }

    /// Runs all tasks, several at a time.
    ///
    /// - Throws: ``CommandFault`` if the run as a whole cannot continue.
    func run(_ tasks: [Task]) async throws {
        let queue = SharedQueue(tasks)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(parallel, tasks.count) {
                group.addTask {
                    do {
                        while let task = queue.next() { try await handle(task) }
                    } catch {
                        queue.stop()
                        throw error
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: - One batch

    private func handle(_ task: Task) async throws {
        switch task {
        case .resume(let batch): try await protect(batch)
        case .send(let pictures):
            let entries = await disk.run { read(pictures, protectsAgain: protectsAgain) }
            guard !entries.isEmpty else { return }
            try await protect(
                Batch(settings: settings, protectsAgain: protectsAgain, entries: entries)
            )
        }
    }

    /// Hashes photos, and counts those that cannot be read as failed.
    ///
    /// - Parameters:
    ///   - pictures: The photos.
    ///   - protectsAgain: Whether to take pictures that lie beside their report.
    ///   - isAgain: Whether to read even photos whose hash is known.
    /// - Returns: The readable photos.
    private func read(
        _ pictures: [PlannedPicture],
        protectsAgain: Bool,
        isAgain: Bool = false
    ) -> [Batch.Entry] {
        pictures.compactMap { picture in
            do throws(PictureFile.Fault) {
                let path = Batch.absolute(picture.path)
                let hash: SHA256Digest
                if !isAgain, let known = picture.sha256 {
                    hash = known
                } else {
                    hash = try PictureFile.hash(picture.path, limit: FileProtection.maxFileBytes)
                }
                guard
                    protectsAgain || !ProtectedFile.hasReport(picture.path, { hash })
                else {
                    results.fail(picture, ProtectedFile.refusal)
                    return nil
                }
                return Batch.Entry(picture: picture, absolutePath: path, sha256: hash)
            } catch {
                results.fail(picture, error.failure)
                return nil
            }
        }
    }

    /// Protects a batch and then the batches that replace it.
    private func protect(_ batch: Batch) async throws {
        var open = [Attempt(batch: batch, isLast: false)]
        while let attempt = open.popLast() {
            let next = try await outcome(of: attempt)
            try openJobs.replace(attempt.batch, by: next.map(\.batch))
            open += next.reversed()
        }
    }

    /// A batch, and whether this is the last attempt to send its photos.
    private struct Attempt {
        let batch: Batch
        let isLast: Bool

        /// Returns an attempt with the same settings for other photos, or for the same ones again.
        func next(_ entries: some Collection<Batch.Entry>, isLast: Bool) throws -> Attempt {
            let next = try Batch(
                settings: batch.settings,
                protectsAgain: batch.protectsAgain,
                entries: Array(entries)
            )
            return Attempt(batch: next, isLast: isLast)
        }
    }

    /// Writes the results of a batch, or reports why there are none.
    ///
    /// - Returns: The batches to send in its place: photos that the server lost or failed to
    ///   protect, the halves of a batch that is too large, or the readable photos if some can no
    ///   longer be read.
    private func outcome(of attempt: Attempt) async throws -> [Attempt] {
        let entries = attempt.batch.entries
        do {
            guard let file = try await archive(of: attempt.batch) else {
                guard !attempt.isLast else { throw Self.gone }
                return [try attempt.next(entries, isLast: true)]
            }
            let unfinished = try await disk.run { try write(file, of: attempt) }
            return unfinished.isEmpty ? [] : [try attempt.next(unfinished, isLast: true)]
        } catch let refusal as ServerRefusal where refusal.exceedsLimit && entries.count > 1 {
            let middle = entries.count / 2
            return try [entries[..<middle], entries[middle...]].map {
                try attempt.next($0, isLast: attempt.isLast)
            }
        } catch let refusal as ServerRefusal {
            for entry in entries { results.fail(entry.picture, refusal.failure) }
        } catch let fault as UnreadablePhoto {
            let isAgain = attempt.isLast
            let readable = await disk.run {
                read(
                    entries.map(\.picture),
                    protectsAgain: attempt.batch.protectsAgain,
                    isAgain: true
                )
            }
            guard readable.count < entries.count || !isAgain else {
                for entry in entries { results.fail(entry.picture, fault.failure) }
                return []
            }
            let isLast = isAgain || readable.count == entries.count
            return readable.isEmpty ? [] : [try attempt.next(readable, isLast: isLast)]
        }
        return []
    }

    /// Creates the batch's job unless it exists, and waits for the job to end.
    ///
    /// - Returns: The archive, or `nil` if the server has erased or lost the job.
    private func archive(of original: Batch) async throws -> UnnamedFile? {
        var batch = original
        let id: JobIdentifier
        if let job = batch.job {
            id = job
        } else {
            try openJobs.note(batch)
            id = try await server.submit(batch).id
            batch.job = id
            try openJobs.note(batch)
        }
        while true {
            guard let status = try await server.job(id) else { return nil }
            if status.state.isTerminal { return try await server.archive(of: id) }
        }
    }

    /// Writes the protected pictures and counts the other photos as failed.
    ///
    /// - Returns: The photos to send again because the server itself failed; none on the last
    ///   attempt.
    private func write(_ file: UnnamedFile, of attempt: Attempt) throws -> [Batch.Entry] {
        let archive = try JobArchive(file)
        if let job = archive.job, let signed = archive.signedManifest,
            archive.images.values.contains(where: { $0.report != nil })
        {
            try results.keep(signed, of: job)
        }
        let entries = attempt.batch.entries
        var isWritten = Set<Int>()
        try archive.forEachPicture { number, file, report in
            guard entries.indices.contains(number - 1) else { return }
            let entry = entries[number - 1]
            isWritten.insert(number)
            guard report.inputSHA256 == entry.sha256.hex else {
                return results.fail(
                    entry.picture,
                    "input_changed",
                    "The photo was changed while it was sent; send it again."
                )
            }
            let isOverwriting = results.isOverwriting || attempt.batch.protectsAgain
            results.write(entry.picture, file, report, isOverwriting: isOverwriting)
        }
        var unfinished: [Batch.Entry] = []
        for (index, entry) in entries.enumerated() where !isWritten.contains(index + 1) {
            let image = archive.images[index + 1]
            if !attempt.isLast, image?.isWorthRetrying == true {
                unfinished.append(entry)
            } else {
                results.fail(entry.picture, image?.error ?? Self.unprotected)
            }
        }
        return unfinished
    }

    private static let gone = ServerRefusal(
        status: 404,
        failure: ImageFailure(
            code: "job_unknown",
            detail: "The server has lost the photo's job, or somebody has erased it."
        )
    )

    private static let unprotected = ImageFailure(
        code: "image_unprotected",
        detail:
            "The server has not protected it, and does not say why; its job may have been cancelled."
    )
}
