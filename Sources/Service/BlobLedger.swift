import BlobStore
import Cryptography
import JobStore
import Synchronization

/// Keeps uploads and removals of the same bytes apart.
///
/// Blobs are named by their bytes, so that an upload may file what a removal is just about to unlink. An upload notes every blob
/// in the step that files it, until its row refers to it; a removal passes over what is noted.
final class BlobLedger: Sendable {
    private let blobs: BlobStore
    /// How many uploads have filed a blob and not yet written its row.
    private let waiting = Mutex<[SHA256Digest: Int]>([:])

    init(blobs: BlobStore) {
        self.blobs = blobs
    }

    /// Files the spools of an upload.
    ///
    /// It blocks on the disk.
    ///
    /// - Returns: The blob of each spool, all noted until ``settle(_:)``.
    /// - Throws: Faults of the disk; then none is noted.
    func file(_ spools: [Spool]) throws -> [StoredBlob] {
        var filed: [StoredBlob] = []
        do {
            for spool in spools {
                filed.append(
                    try waiting.withLock { waiting in
                        let reference = try spool.place()
                        waiting[reference.sha256, default: 0] += 1
                        return StoredBlob(sha256: reference.sha256, size: reference.size)
                    }
                )
            }
            try blobs.synchronizeNames(of: filed.map(\.sha256))
        } catch {
            settle(filed)
            throw error
        }
        return filed
    }

    /// Notes that rows refer to blobs now, or never will.
    func settle(_ filed: [StoredBlob]) {
        waiting.withLock { waiting in
            for blob in filed {
                let count = waiting[blob.sha256, default: 0]
                waiting[blob.sha256] = count > 1 ? count - 1 : nil
            }
        }
    }

    /// Removes a blob that no row refers to, unless an upload is about to.
    ///
    /// A file that cannot be removed now is an orphan, which the next sweep removes.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - age: What is younger stays, since a worker may be about to refer to it.
    func remove(_ sha256: SHA256Digest, ifOlderThan age: Duration) {
        waiting.withLock { waiting in
            guard waiting[sha256] == nil else { return }
            _ = try? blobs.remove(sha256, ifOlderThan: age)
        }
    }
}
