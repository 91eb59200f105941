import Cryptography
import FoundationEssentials
import JobModel
import POSIX
import Synchronization

/// The batches without complete results, stored as `palimpsest-jobs.json` in the folder of
/// the reports.
///
/// A batch is recorded before it is sent. A run that resumes after an interruption asks for
/// existing jobs instead of sending their photos again. If a batch may not have arrived, it is sent
/// with the same idempotency key.
final class OpenJobs: Sendable {
    private struct File: Codable {
        struct Image: Codable {
            let path: String
            /// The name told to the service; absent in files of earlier versions.
            let source: String?
            let `class`: ClassLabel
            let name: String
            let sha256: String
        }

        struct Job: Codable {
            enum CodingKeys: String, CodingKey {
                case id, settings, images
                case idempotencyKey = "idempotency_key"
                case protectsAgain = "force"
            }

            let id: JobIdentifier?
            /// Absent in files of earlier versions.
            let idempotencyKey: String?
            let settings: ProtectionSettings
            /// The API's `force` parameter; absent in files of earlier versions.
            let protectsAgain: Bool?
            let images: [Image]
        }

        enum CodingKeys: String, CodingKey {
            case formatVersion = "format_version"
            case server, jobs
        }

        let formatVersion: Int
        let server: String
        let jobs: [Job]
    }

    private static let name = "palimpsest-jobs.json"
    private static let formatVersion = 1

    private let folder: OutputFolder
    private let server: String
    private let batches: Mutex<[String: Batch]>

    /// Reads the batches that an earlier run left open.
    ///
    /// - Throws: ``CommandFault`` if the file is invalid or belongs to another server.
    init(folder: OutputFolder, server: String) throws {
        self.folder = folder
        self.server = server
        let place = folder.file(called: Self.name)
        let path = place.earlierPath ?? place.path
        let shown = StandardError.printable(path)
        guard FileSystem.isPresent(path) else {
            batches = Mutex([:])
            return
        }
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let file = try? JSONDecoder().decode(File.self, from: data),
            file.formatVersion == Self.formatVersion
        else {
            throw CommandFault(
                "\(shown) is not a list of jobs of this version; move it away, or name another --out."
            )
        }
        guard file.server == server else {
            throw CommandFault(
                "\(shown) is about jobs of \(StandardError.printable(file.server)), whose results are not all here; go on with that "
                    + "server, or remove the file."
            )
        }
        batches = Mutex(
            Dictionary(
                try file.jobs.compactMap { try Self.batch($0) }.map { ($0.idempotencyKey, $0) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    /// The open batches, in no particular order.
    var all: [Batch] { batches.withLock { Array($0.values) } }

    /// Removes photos that have changed since they were recorded, unless a server has confirmed
    /// their job.
    ///
    /// Their old content is lost. Their new content is a different photo, with its own result.
    ///
    /// - Returns: The removed photos.
    /// - Throws: ``CommandFault`` if the file cannot be written; `CryptographyError`.
    func forgetChanged() throws -> [Batch.Entry] {
        var forgotten: [Batch.Entry] = []
        for batch in all where batch.job == nil {
            let hashes = PhotoHashes.of(batch.entries.map(\.absolutePath), isQuiet: true)
            let judged = zip(batch.entries, hashes).map { entry, hash in
                // An unreadable photo is reported when it is to be sent.
                (entry: entry, isChanged: (try? hash.get()).map { $0 != entry.sha256 } ?? false)
            }
            let changed = judged.filter(\.isChanged).map(\.entry)
            guard !changed.isEmpty else { continue }
            let others = judged.filter { !$0.isChanged }.map(\.entry)
            let rest =
                try others.isEmpty
                ? []
                : [
                    Batch(
                        settings: batch.settings,
                        protectsAgain: batch.protectsAgain,
                        entries: others
                    )
                ]
            try replace(batch, by: rest)
            forgotten += changed
        }
        return forgotten
    }

    /// Records a batch or its new state.
    ///
    /// - Throws: ``CommandFault`` if the file cannot be written.
    func note(_ batch: Batch) throws {
        try batches.withLock { batches in
            batches[batch.idempotencyKey] = batch
            try write(batches)
        }
    }

    /// Removes a finished batch and records those that replace it.
    ///
    /// - Throws: ``CommandFault`` if the file cannot be written.
    func replace(_ batch: Batch, by others: [Batch]) throws {
        try batches.withLock { batches in
            batches[batch.idempotencyKey] = nil
            for other in others { batches[other.idempotencyKey] = other }
            try write(batches)
        }
    }

    private func write(_ batches: [String: Batch]) throws {
        let (path, earlierPath) = folder.file(called: Self.name)
        defer { if let earlierPath { _ = try? FileSystem.unlink(earlierPath) } }
        guard !batches.isEmpty else {
            _ = try? FileSystem.unlink(path)
            return
        }
        let jobs = batches.values.map { batch in
            File.Job(
                id: batch.job,
                idempotencyKey: batch.idempotencyKey,
                settings: batch.settings,
                protectsAgain: batch.protectsAgain,
                images: batch.entries.map {
                    File.Image(
                        path: $0.absolutePath,
                        source: $0.picture.source,
                        class: $0.picture.label,
                        name: $0.picture.name.base,
                        sha256: $0.sha256.hex
                    )
                }
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let file = File(formatVersion: Self.formatVersion, server: server, jobs: jobs)
            try folder.reports.write(
                Array(try encoder.encode(file)),
                to: path,
                isOverwriting: true,
                isSecret: true
            )
        } catch {
            throw CommandFault("\(StandardError.printable(path)) could not be written: \(error).")
        }
    }

    private static func batch(_ job: File.Job) throws -> Batch? {
        let entries = job.images.compactMap { image -> Batch.Entry? in
            guard let sha256 = SHA256Digest(hex: image.sha256) else { return nil }
            let name =
                OutputName(given: image.name)
                ?? OutputName(sanitizing: image.name + ".png", fallback: "image")
            // An earlier version sent the result's name. A repeated request must send the same
            // name.
            let source = image.source.map(SourcePath.shown) ?? name.fileName(in: .png)
            let picture = PlannedPicture(
                path: image.path,
                shownPath: image.path,
                source: source,
                size: 0,
                label: image.class,
                name: name
            )
            return Batch.Entry(picture: picture, absolutePath: image.path, sha256: sha256)
        }
        guard !entries.isEmpty, entries.count == job.images.count else { return nil }
        return try Batch(
            settings: job.settings,
            protectsAgain: job.protectsAgain ?? false,
            entries: entries,
            idempotencyKey: job.idempotencyKey,
            job: job.id
        )
    }
}
