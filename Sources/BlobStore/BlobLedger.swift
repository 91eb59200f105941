public import Cryptography
import Synchronization

/// Keeps those who file blobs and those who remove them apart.
///
/// Blobs are named by their bytes, so that one may be filed that a removal is just about to unlink, and its row may come late, as when
/// the database cannot be written for a while. So uploads and workers note every blob in the step that files it, until its row is
/// written; a removal passes over what is noted, whatever its age.
public final class BlobLedger: Sendable {
    private let blobs: BlobStore
    /// How many have filed a blob and not yet written its row.
    private let waiting = Mutex<[SHA256Digest: Int]>([:])

    /// Starts with nothing noted.
    ///
    /// - Parameter blobs: The store, for which this is the one ledger.
    public init(blobs: BlobStore) {
        self.blobs = blobs
    }

    /// Files spools durably and notes their blobs.
    ///
    /// It blocks on the disk.
    ///
    /// - Returns: The blob of each spool, all noted until ``settle(_:)``.
    /// - Throws: Faults of the disk; then none is noted.
    public func commit(_ spools: [Spool]) throws(BlobStoreError) -> [BlobReference] {
        // The bytes go to disk before the lock is taken, which everybody waits for.
        for spool in spools { try spool.seal() }
        var filed: [BlobReference] = []
        do throws(BlobStoreError) {
            for spool in spools {
                filed.append(
                    try waiting.withLock { waiting throws(BlobStoreError) in
                        let reference = try spool.place()
                        waiting[reference.sha256, default: 0] += 1
                        return reference
                    }
                )
            }
            try blobs.synchronizeNames(of: filed.map(\.sha256))
        } catch {
            settle(filed.map(\.sha256))
            throw error
        }
        return filed
    }

    /// Stores bytes that are in memory, durably, and notes their blob.
    ///
    /// It blocks on the disk.
    ///
    /// - Returns: The blob, noted until ``settle(_:)``.
    /// - Throws: Faults of the disk; then it is not noted.
    public func put(_ bytes: [UInt8]) throws(BlobStoreError) -> BlobReference {
        let spool = try blobs.newSpool()
        try spool.append(bytes)
        guard let filed = try commit([spool]).first else { throw .spoolClosed }
        return filed
    }

    /// Notes that rows refer to blobs now, or never will.
    ///
    /// - Parameter filed: What was filed here, as often as it was filed.
    public func settle(_ filed: some Sequence<SHA256Digest>) {
        waiting.withLock { waiting in
            for sha256 in filed {
                let count = waiting[sha256, default: 0]
                waiting[sha256] = count > 1 ? count - 1 : nil
            }
        }
    }

    /// Removes a blob that no row refers to, unless somebody is about to write one.
    ///
    /// A file that cannot be removed now is an orphan, which the next sweep removes.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - age: What is younger stays.
    public func remove(_ sha256: SHA256Digest, ifOlderThan age: Duration) {
        waiting.withLock { waiting in
            guard waiting[sha256] == nil else { return }
            _ = try? blobs.remove(sha256, ifOlderThan: age)
        }
    }
}
