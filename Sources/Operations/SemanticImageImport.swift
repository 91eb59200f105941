import BlobStorage
import Cryptography
public import JobModel
import POSIX
import Queue
import Synchronization

/// Takes semantic images into the data folder of a stopped service: all of them, or none.
///
/// Pictures are written to temporary files first. ``commit(for:)`` files them and then makes the
/// rows in one transaction. What a process leaves that is killed before that, the next import or
/// the next start of the server removes.
public final class SemanticImageImport: Sendable {
    private let service: StoppedService
    private let spools = Mutex<[ClassLabel: [Int: any BlobSpool]]>([:])

    /// Begins an import, by removing what an earlier one may have left.
    ///
    /// - Parameter service: The data folder.
    /// - Throws: ``StoppedService/Fault``.
    public init(into service: StoppedService) async throws(StoppedService.Fault) {
        self.service = service
        do { try await service.cleanUp() } catch { throw service.unusable(error) }
    }

    /// Writes a picture to disk, blocking; nothing refers to it yet.
    ///
    /// - Parameters:
    ///   - png: The picture, as a codec has made it.
    ///   - label: Its class.
    ///   - position: Its place among the class's pictures, from 0; each once, and without gaps in
    ///     the end.
    /// - Throws: ``StoppedService/Fault``.
    public func add(
        _ png: [UInt8],
        to label: ClassLabel,
        at position: Int
    ) throws(StoppedService.Fault) {
        do {
            let spool = try service.blobs.newSpool()
            try spool.append(png)
            try spool.seal()
            spools.withLock { $0[label, default: [:]][position] = spool }
        } catch {
            throw service.unusable(error)
        }
    }

    /// Makes the pictures those of their classes, in place of those that were imported before.
    ///
    /// - Parameter key: Whose classes they are.
    /// - Throws: ``StoppedService/Fault``; then everything is as it was.
    public func commit(for key: APIKeyID) async throws(StoppedService.Fault) {
        let spools = takeSpools()
        let filed = Mutex<[SHA256Digest]>([])
        do {
            let classes = try await service.disk.run { [blobs = service.blobs] in
                try spools.map { label, spools in
                    let pictures = try spools.sorted { $0.key < $1.key }.map { _, spool in
                        let blob = try blobs.commit(spool)
                        filed.withLock { $0.append(blob.sha256) }
                        return StoredBlob(sha256: blob.sha256, size: blob.size)
                    }
                    return ImportedClass(label: label, pictures: pictures)
                }
            }
            let replaced = try await service.store.importSemanticImages(classes, tenant: key)
            await remove(replaced)
        } catch {
            Self.discard(spools)
            await remove(filed.withLock { $0 })
            throw service.unusable(error)
        }
    }

    /// Removes the pictures that were added since the beginning or the last commit.
    ///
    /// A process that ends at once must not leave that to the last reference.
    public func discard() {
        Self.discard(takeSpools())
    }

    private func takeSpools() -> [(label: ClassLabel, spools: [Int: any BlobSpool])] {
        spools.withLock { spools in
            defer { spools = [:] }
            return spools.sorted { $0.key.text < $1.key.text }.map {
                (label: $0.key, spools: $0.value)
            }
        }
    }

    private static func discard(_ classes: [(label: ClassLabel, spools: [Int: any BlobSpool])]) {
        for (_, spools) in classes {
            for spool in spools.values { spool.discard() }
        }
    }

    /// Removes those of some blobs that no row refers to; what cannot be removed now, the next
    /// start of the server removes.
    private func remove(_ candidates: [SHA256Digest]) async {
        let blobs = service.blobs
        try? await service.store.withUnreferenced(among: candidates) { free in
            for sha256 in free { _ = try? blobs.remove(sha256) }
        }
        blobs.reclaim()
    }
}
