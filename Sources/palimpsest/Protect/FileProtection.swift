import CodecHost
import CodecProtocol
import Cryptography
import JobModel
import POSIX

/// Protects files in codec processes and writes the results.
struct FileProtection: Sendable {
    typealias Item = (picture: PlannedPicture, artefact: ClassArtefact)

    /// A photo in memory, with the semantic image that the method needs.
    private struct Loaded {
        let item: Item
        let photo: HashedBytes
        let artefact: ArtefactPart<HashedBytes>
    }

    /// The maximum size of a photo's file in bytes: 256 MiB.
    static let maxFileBytes = 256 << 20
    /// The maximum size in bytes of files that share a batch.
    private static let smallFileBytes = 16 << 10

    let codecs: CodecPool
    let settings: ProtectionSettings
    let imported: ImportedClasses
    let results: ResultFiles
    private let disk: BlockingExecutor

    init(
        codecs: CodecPool,
        settings: ProtectionSettings,
        imported: ImportedClasses,
        results: ResultFiles
    ) {
        self.codecs = codecs
        self.settings = settings
        self.imported = imported
        self.results = results
        disk = BlockingExecutor(label: "palimpsest.files", width: codecs.count + 1)
    }

    /// Protects all photos, then stops the codec processes.
    ///
    /// - Parameter items: The photos and their semantic images.
    /// - Throws: ``CommandFault`` if no codec process is available.
    func run(_ items: [Item]) async throws {
        let batches = SharedQueue(batches(of: items))
        var fault: (any Error)?
        await withTaskGroup(of: (any Error)?.self) { group in
            // One task more than processes: while one batch is protected, another can be written.
            for _ in 0...codecs.count {
                group.addTask {
                    do {
                        while let batch = batches.next() { try await protect(batch) }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await met in group { fault = fault ?? met }
        }
        await codecs.stop()
        if let unavailable = fault as? CodecsUnavailable {
            throw CommandFault(unavailable, models: codecs.models)
        }
        if let fault { throw fault }
    }

    /// Groups consecutive small files into batches.
    ///
    /// There are about four times as many batches as processes, so that no process idles while
    /// another works through a long batch.
    private func batches(of items: [Item]) -> [[Item]] {
        let smallCount = items.count { $0.picture.size <= Self.smallFileBytes }
        let length = min(CodecRequest.maxImages, max(1, smallCount / (4 * codecs.count)))
        var batches: [[Item]] = []
        var open: [Item] = []
        for item in items {
            guard item.picture.size <= Self.smallFileBytes else {
                batches.append([item])
                continue
            }
            open.append(item)
            if open.count == length {
                batches.append(open)
                open = []
            }
        }
        if !open.isEmpty { batches.append(open) }
        return batches
    }

    // MARK: - One batch

    private func protect(_ batch: [Item]) async throws {
        var waiting: [Loaded] = await disk.run { load(batch) }
        var suspects: [Loaded] = []
        while !waiting.isEmpty {
            let outcomes = try await handOut(waiting)
            var again: [Loaded] = []
            for (entry, outcome) in zip(waiting, outcomes) {
                switch outcome {
                case .crashed: suspects.append(entry)
                case .released: again.append(entry)
                case .protected, .failed: await settle(entry.item, outcome)
                }
            }
            waiting = again
        }
        // Retry each suspect alone, so that only the photo itself can be to blame for a second
        // crash.
        for entry in suspects {
            var outcome = CodecOutcome.released
            while outcome == .released { outcome = try await handOut([entry]).first ?? .released }
            await settle(entry.item, outcome)
        }
    }

    private func handOut(_ entries: [Loaded]) async throws -> [CodecOutcome] {
        let images = entries.map { entry in
            CodecImage(
                photo: entry.photo,
                label: entry.item.picture.label,
                settings: settings,
                artefact: entry.artefact
            )
        }
        return try await codecs.withCodec { codec in await codec.protect(images) }
    }

    private func settle(_ item: Item, _ outcome: CodecOutcome) async {
        await disk.run {
            switch outcome {
            case .protected(let image, _):
                results.write(
                    item.picture,
                    image.file,
                    image.report,
                    isOverwriting: results.isOverwriting
                )
            case .failed(let failure): results.fail(item.picture, failure)
            case .crashed(let reason):
                let detail = "\(ImageFailure.quarantined.detail) The last time \(reason)."
                results.fail(item.picture, ImageFailure.quarantined.code, detail)
            case .released: preconditionFailure("a picture that was given back is handed out again")
            }
        }
    }

    // MARK: - Files

    /// Reads photos and their imported pictures, each picture only once.
    private func load(_ batch: [Item]) -> [Loaded] {
        var pictures: [SemanticImageShelf.Place: HashedBytes] = [:]
        return batch.compactMap { item in
            do {
                let path = item.picture.path
                let bytes = try PictureFile.read(
                    path,
                    expecting: item.picture.size,
                    limit: Self.maxFileBytes
                )
                let photo = HashedBytes(bytes)
                guard
                    results.isOverwriting
                        || !ProtectedFile.hasReport(path, { photo.sha256 })
                else {
                    results.fail(item.picture, ProtectedFile.refusal)
                    return nil
                }
                let part = item.artefact.part(for: photo.sha256, mode: settings.mode)
                let artefact = try part.mapImported { position in
                    guard let place = imported.place(of: position, label: item.picture.label) else {
                        preconditionFailure("a class has as many pictures as its artefact counts")
                    }
                    let picture = try pictures[place] ?? imported.picture(at: place)
                    pictures[place] = picture
                    return picture
                }
                return Loaded(item: item, photo: photo, artefact: artefact)
            } catch let fault as PictureFile.Fault {
                results.fail(item.picture, fault.failure)
            } catch {
                results.fail(
                    item.picture,
                    "semantic_image_unreadable",
                    "The semantic image for it could not be read again: \(error)."
                )
            }
            return nil
        }
    }
}
