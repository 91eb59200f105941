public import Cryptography
import Synchronization

/// Keeps those who file blobs and those who remove them apart.
///
/// Blobs are named by their bytes, so that one may be filed that a removal is just about to take
/// away, and its row may come late, as when the database cannot be written for a while. So uploads
/// and workers note every blob before they file it, until its row is written; a removal passes over
/// what is noted, whatever its age.
///
/// It knows of one process only: where several share a storage, nothing but the age keeps the
/// removals of one off what another files.
public final class BlobLedger: Sendable {
    private let blobs: any BlobStorage
    /// How many are about to file a blob, or have and not yet written its row.
    private let waiting = Mutex<[SHA256Digest: Int]>([:])

    /// Starts with nothing noted.
    ///
    /// - Parameter blobs: The storage, for which this is the process's one ledger.
    public init(blobs: any BlobStorage) {
        self.blobs = blobs
    }

    /// Files spools durably and notes their blobs.
    ///
    /// It blocks on the storage.
    ///
    /// - Returns: The blob of each spool, all noted until ``settle(_:)``.
    /// - Throws: ``BlobStorageError``; then none is noted.
    public func commit(
        _ spools: [any BlobSpool]
    ) throws(BlobStorageError) -> [BlobReference] {
        var filed: [BlobReference] = []
        for spool in spools { filed.append(try spool.seal()) }
        let names = filed.map(\.sha256)
        // Noted first: a removal that came before is done, one that comes later passes over them.
        note(names)
        do throws(BlobStorageError) {
            for spool in spools { _ = try spool.place() }
            try blobs.makeDurable(names)
        } catch {
            settle(names)
            throw error
        }
        return filed
    }

    /// Stores bytes that are in memory, durably, and notes their blob.
    ///
    /// It blocks on the storage.
    ///
    /// - Returns: The blob, noted until ``settle(_:)``.
    /// - Throws: ``BlobStorageError``; then it is not noted.
    public func put(_ bytes: [UInt8]) throws(BlobStorageError) -> BlobReference {
        let spool = try blobs.newSpool()
        try spool.append(bytes)
        guard let filed = try commit([spool]).first else { throw .spoolClosed }
        return filed
    }

    private func note(_ names: [SHA256Digest]) {
        waiting.withLock { waiting in
            for sha256 in names { waiting[sha256, default: 0] += 1 }
        }
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
    /// What cannot be removed now is an orphan, which the next sweep removes.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - age: What is younger stays.
    public func remove(_ sha256: SHA256Digest, ifOlderThan age: Duration) {
        // Under the lock to its end, so that whoever notes the blob meanwhile files it afterwards.
        waiting.withLock { waiting in
            guard waiting[sha256] == nil else { return }
            _ = try? blobs.remove(sha256, ifOlderThan: age)
        }
    }
}
