import Cryptography
import JobModel
import POSIX
import Workers

/// Sends files through codec processes and writes what comes back.
struct FileProtection: Sendable {
    typealias Item = (picture: PlannedPicture, artefact: ClassArtefact)

    /// A photo in memory, with what the method needs for it.
    private struct Loaded {
        let item: Item
        let photo: HashedBytes
        let artefact: ArtefactPart<HashedBytes>
    }

    /// The most bytes of one photo's file.
    static let maxFileBytes = 256 << 20
    /// Files up to this size travel together.
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

    /// Protects all, and stops the codec processes.
    ///
    /// - Parameter items: The pictures and their semantic images.
    /// - Throws: ``CommandFault`` if there are no codec processes.
    func run(_ items: [Item]) async throws {
        let batches = SharedQueue(batches(of: items))
        var unavailable: CodecsUnavailable?
        await withTaskGroup(of: CodecsUnavailable?.self) { group in
            // One more than there are processes, so that one batch is written while another one is at work.
            for _ in 0...codecs.count {
                group.addTask {
                    do {
                        while let batch = batches.next() { try await protect(batch) }
                        return nil
                    } catch {
                        return error as? CodecsUnavailable
                    }
                }
            }
            for await fault in group { unavailable = unavailable ?? fault }
        }
        await codecs.stop()
        if let unavailable {
            throw CommandFault(unavailable, weightsFile: codecs.weightsFile)
        }
    }

    /// Puts neighbouring small files together, in several times more batches than there are processes, so that none is left with
    /// nothing to do while another one works through a long one.
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
        // Tried once more, each by itself, so that its second crash is put down to nobody else.
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
                    image.png,
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

    /// Reads photos and their imported pictures, those that several have in common once.
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
                guard results.isOverwriting || !ProtectedFile.isBesideItsReport(path, bytes) else {
                    results.fail(item.picture, "image_already_protected", ProtectedFile.refusal)
                    return nil
                }
                let photo = HashedBytes(bytes)
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
