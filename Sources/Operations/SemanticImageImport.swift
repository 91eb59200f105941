import BlobStorage
import Cryptography
public import JobModel
import POSIX
import Queue
import Synchronization

/// Imports semantic images into the data folder of a stopped service, all or none.
///
/// Pictures are first written to temporary files. ``commit(for:)`` places them and then writes the
/// rows in one transaction. If the process is killed before that, the next import or the next start
/// of the server removes the files.
public final class SemanticImageImport: Sendable {
    private let service: StoppedService
    private let spools = Mutex<[ClassLabel: [Int: any BlobSpool]]>([:])

    /// Starts an import and removes what an earlier one may have left behind.
    ///
    /// - Parameter service: The data folder.
    /// - Throws: ``StoppedService/Fault``.
    public init(into service: StoppedService) async throws(StoppedService.Fault) {
        self.service = service
        do { try await service.cleanUp() } catch { throw service.unusable(error) }
    }

    /// Writes a picture to disk, blocking; no row refers to it yet.
    ///
    /// - Parameters:
    ///   - png: The picture, as a codec returned it.
    ///   - label: Its class.
    ///   - position: Its index among the class's pictures, from 0. Each index must occur once, and
    ///     at the commit there must be no gaps.
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

    /// Replaces the pictures of the classes by the added ones.
    ///
    /// - Parameter key: The key that the classes belong to.
    /// - Throws: ``StoppedService/Fault``; then nothing has changed.
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

    /// Removes the pictures that were added since the start or the last commit.
    ///
    /// A process that exits at once must call this, because its spools are then never released.
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

    /// Removes those blobs that no row refers to; the next start of the server handles the rest.
    private func remove(_ candidates: [SHA256Digest]) async {
        let blobs = service.blobs
        try? await service.store.withUnreferenced(among: candidates) { free in
            for sha256 in free { _ = try? blobs.remove(sha256) }
        }
        blobs.reclaim()
    }
}
