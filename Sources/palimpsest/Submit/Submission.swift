import Cryptography
import JobModel
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
    let openJobs: OpenJobs
    let results: ResultFiles
    private let disk = BlockingQueue(label: "palimpsest.files")

    init(server: JobServer, settings: ProtectionSettings, openJobs: OpenJobs, results: ResultFiles) {
        self.server = server
        self.settings = settings
        self.openJobs = openJobs
        self.results = results
    }

    /// Does all, several at a time.
    ///
    /// - Throws: ``CommandFault`` if the call as a whole cannot go on.
    func run(_ tasks: [Task], parallel: Int) async throws {
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
            if !entries.isEmpty { try await protect(Batch(settings: settings, entries: entries)) }
        }
    }

    /// Finds out what is in the photos; those that cannot be read are counted as failed.
    private func read(_ pictures: [PlannedPicture]) -> [Batch.Entry] {
        pictures.compactMap { picture in
            do throws(PictureFile.Fault) {
                let limit = FileProtection.maxFileBytes
                let bytes = try PictureFile.read(picture.path, expecting: picture.size, limit: limit)
                let path = Batch.absolute(picture.path)
                return Batch.Entry(picture: picture, absolutePath: path, sha256: SHA256.hash(bytes))
            } catch {
                results.fail(picture, error.failure)
                return nil
            }
        }
    }

    private func protect(_ batch: Batch) async throws {
        do {
            let (batch, id) = try await finished(batch)
            let archive = try await server.archive(of: id)
            try await disk.run { Result { try write(archive, of: batch) } }.get()
        } catch let refusal as ServerRefusal {
            for entry in batch.entries { results.fail(entry.picture, refusal.failure) }
        }
        try openJobs.remove(batch)
    }

    /// Makes a job of the batch where there is none, and waits for its end.
    private func finished(_ original: Batch) async throws -> (Batch, JobIdentifier) {
        var batch = original
        var isSent = false
        while true {
            if let id = batch.job {
                var status = try await server.job(id)
                while let current = status, !current.state.isTerminal { status = try await server.job(id) }
                if status != nil { return (batch, id) }
                // Erased, or expired before it was asked for: the photos are sent once more.
                guard !isSent else { throw Self.gone }
                batch.job = nil
            }
            try openJobs.note(batch)
            batch.job = try await server.submit(batch).id
            isSent = true
            try openJobs.note(batch)
        }
    }

    private func write(_ file: UnnamedFile, of batch: Batch) throws {
        let archive = try JobArchive(file)
        var isWritten = Set<Int>()
        try archive.forEachPicture { number, png, report in
            guard batch.entries.indices.contains(number - 1) else { return }
            let entry = batch.entries[number - 1]
            isWritten.insert(number)
            guard report.inputSHA256 == entry.sha256.hex else {
                return results.fail(
                    entry.picture,
                    "input_changed",
                    "The photo was changed while it was sent; send it again."
                )
            }
            results.write(entry.picture, png, report)
        }
        for (index, entry) in batch.entries.enumerated() where !isWritten.contains(index + 1) {
            results.fail(entry.picture, archive.images[index + 1]?.error ?? Self.unprotected)
        }
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
        detail: "The server has not protected it, and does not say why; its job may have been cancelled."
    )
}
