import Cryptography
import JobModel
import POSIX
import Workers

/// Has a server protect photos: sends them as jobs of some at a time, waits, and writes what comes back.
struct Submission: Sendable {
    /// What one task has to do.
    enum Task: Sendable {
        /// A batch of an earlier call.
        case resume(Batch)
        /// Photos that were not sent yet.
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

    /// Does all, several at a time.
    ///
    /// - Throws: ``CommandFault`` if the call as a whole cannot go on.
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
            let entries = await disk.run { read(pictures) }
            guard !entries.isEmpty else { return }
            try await protect(
                Batch(settings: settings, protectsAgain: protectsAgain, entries: entries)
            )
        }
    }

    /// Finds out what is in the photos; those that cannot be read are counted as failed.
    ///
    /// - Parameters:
    ///   - pictures: The photos.
    ///   - isAgain: Whether to read those, too, whose hash is known.
    /// - Returns: Those that can be read.
    private func read(_ pictures: [PlannedPicture], isAgain: Bool = false) -> [Batch.Entry] {
        pictures.compactMap { picture in
            do throws(PictureFile.Fault) {
                let path = Batch.absolute(picture.path)
                if !isAgain, let known = picture.sha256 {
                    return Batch.Entry(picture: picture, absolutePath: path, sha256: known)
                }
                let hash = try PictureFile.hash(picture.path, limit: FileProtection.maxFileBytes)
                return Batch.Entry(picture: picture, absolutePath: path, sha256: hash)
            } catch {
                results.fail(picture, error.failure)
                return nil
            }
        }
    }

    /// Protects a batch, and what comes to take its place.
    private func protect(_ batch: Batch) async throws {
        var open = [Attempt(batch: batch, isLast: false)]
        while let attempt = open.popLast() {
            let next = try await outcome(of: attempt)
            try openJobs.replace(attempt.batch, by: next.map(\.batch))
            open += next.reversed()
        }
    }

    /// A batch, and whether it is the last time that its photos are sent.
    private struct Attempt {
        let batch: Batch
        let isLast: Bool

        /// Other photos, or the same once more.
        func next(_ entries: some Collection<Batch.Entry>, isLast: Bool) throws -> Attempt {
            let next = try Batch(
                settings: batch.settings,
                protectsAgain: batch.protectsAgain,
                entries: Array(entries)
            )
            return Attempt(batch: next, isLast: isLast)
        }
    }

    /// Writes the results of a batch, or says why there are none.
    ///
    /// - Returns: What is to be sent in its place: what the server has lost or could not do, its halves if it is too much for the server, the
    ///   photos that are left if others cannot be read any more.
    private func outcome(of attempt: Attempt) async throws -> [Attempt] {
        let entries = attempt.batch.entries
        do {
            guard let file = try await archive(of: attempt.batch) else {
                guard !attempt.isLast else { throw Self.gone }
                return [try attempt.next(entries, isLast: true)]
            }
            let unfinished = try await disk.run { try write(file, of: attempt) }
            return unfinished.isEmpty ? [] : [try attempt.next(unfinished, isLast: true)]
        } catch let refusal as ServerRefusal where refusal.isOfTooMuch && entries.count > 1 {
            let middle = entries.count / 2
            return try [entries[..<middle], entries[middle...]].map {
                try attempt.next($0, isLast: attempt.isLast)
            }
        } catch let refusal as ServerRefusal {
            for entry in entries { results.fail(entry.picture, refusal.failure) }
        } catch let fault as UnreadablePhoto {
            let isAgain = attempt.isLast
            let readable = await disk.run { read(entries.map(\.picture), isAgain: true) }
            guard readable.count < entries.count || !isAgain else {
                for entry in entries { results.fail(entry.picture, fault.failure) }
                return []
            }
            let isLast = isAgain || readable.count == entries.count
            return readable.isEmpty ? [] : [try attempt.next(readable, isLast: isLast)]
        }
        return []
    }

    /// Makes a job of the batch where there is none, and waits for its end.
    ///
    /// - Returns: Its archive; `nil` if the server has erased or lost it.
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

    /// Writes what is protected, and counts what is not.
    ///
    /// - Returns: The photos whose protection failed for the server's own reasons; none the last time.
    private func write(_ file: UnnamedFile, of attempt: Attempt) throws -> [Batch.Entry] {
        let archive = try JobArchive(file)
        if let job = archive.job, let signed = archive.signedManifest,
            archive.images.values.contains(where: { $0.report != nil })
        {
            try results.keep(signed, of: job)
        }
        let entries = attempt.batch.entries
        var isWritten = Set<Int>()
        try archive.forEachPicture { number, png, report in
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
            results.write(entry.picture, png, report, isOverwriting: isOverwriting)
        }
        var unfinished: [Batch.Entry] = []
        for (index, entry) in entries.enumerated() where !isWritten.contains(index + 1) {
            let image = archive.images[index + 1]
            if !attempt.isLast, image?.mayGoBetter == true {
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
