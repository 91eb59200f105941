public import Cryptography
import Synchronization

/// Keeps removals away from blobs whose rows are not written yet.
///
/// Equal bytes are one blob, so an upload may place a blob that a sweep is about to remove. Its row
/// may come late, for example while the database cannot be written. So uploads and workers note
/// every blob before they place it, until its row is written. A removal skips noted blobs, whatever
/// their age.
///
/// A ledger knows only its own process. Where several processes share a storage, it passes its notes
/// on to ``BlobNotes``.
public final class BlobLedger: Sendable {
    private let blobs: any BlobStorage
    private let shared: (any BlobNotes)?
    /// How many writers are about to place each blob, or have placed it and not yet written its
    /// row.
    private let waiting = Mutex<[SHA256Digest: Int]>([:])

    /// Creates a ledger with nothing noted.
    ///
    /// - Parameters:
    ///   - blobs: The storage; a process must have only one ledger for it.
    ///   - shared: The notes of all processes that share the storage; `nil` if there is only one.
    public init(blobs: any BlobStorage, shared: (any BlobNotes)? = nil) {
        self.blobs = blobs
        self.shared = shared
    }

    /// Notes the blobs of spools and places them durably.
    ///
    /// This blocks on the storage.
    ///
    /// - Returns: The blob of each spool, all noted until ``settle(_:)``.
    /// - Throws: ``BlobStorageError``; then none is noted.
    public func commit(
        _ spools: [any BlobSpool]
    ) throws(BlobStorageError) -> [BlobReference] {
        try blobs.seal(spools)
        var filed: [BlobReference] = []
        for spool in spools { filed.append(try spool.seal()) }
        let names = filed.map(\.sha256)
        // Note first: an earlier removal has finished, and a later one skips the blobs.
        try note(names)
        do throws(BlobStorageError) {
            for spool in spools { _ = try spool.place() }
            try blobs.makeDurable(names)
        } catch {
            settle(names)
            throw error
        }
        return filed
    }

    /// Stores bytes from memory durably and notes their blob.
    ///
    /// This blocks on the storage.
    ///
    /// - Returns: The blob, noted until ``settle(_:)``.
    /// - Throws: ``BlobStorageError``; then it is not noted.
    public func put(_ bytes: [UInt8]) throws(BlobStorageError) -> BlobReference {
        guard let filed = try put([bytes]).first else { throw .spoolClosed }
        return filed
    }

    /// Stores several files from memory durably and notes their blobs.
    ///
    /// This blocks on the storage, and on a disk hardly longer than for one.
    ///
    /// - Returns: The blob of each, all noted until ``settle(_:)``.
    /// - Throws: ``BlobStorageError``; then none is noted.
    public func put(_ files: [[UInt8]]) throws(BlobStorageError) -> [BlobReference] {
        var spools: [any BlobSpool] = []
        for bytes in files {
            let spool = try blobs.newSpool()
            try spool.append(bytes)
            spools.append(spool)
        }
        return try commit(spools)
    }

    private func note(_ names: [SHA256Digest]) throws(BlobStorageError) {
        try shared?.note(names)
        waiting.withLock { waiting in
            for sha256 in names { waiting[sha256, default: 0] += 1 }
        }
    }

    /// Ends the notes of blobs whose rows are written, or never will be.
    ///
    /// - Parameter filed: The blobs, each as often as it was noted.
    public func settle(_ filed: some Sequence<SHA256Digest>) {
        waiting.withLock { waiting in
            for sha256 in filed {
                let count = waiting[sha256, default: 0]
                waiting[sha256] = count > 1 ? count - 1 : nil
            }
        }
        shared?.settle(Array(filed))
    }

    /// Removes a blob that no row refers to, unless it is noted.
    ///
    /// A blob that cannot be removed now stays as an orphan for the next sweep.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - age: A younger blob stays.
    /// - Returns: Whether it was there, and was removed.
    @discardableResult
    public func remove(_ sha256: SHA256Digest, ifOlderThan age: Duration) -> Bool {
        // Hold the lock throughout, so that whoever notes the blob meanwhile places it afterwards.
        waiting.withLock { waiting in
            guard waiting[sha256] == nil else { return false }
            return (try? blobs.remove(sha256, ifOlderThan: age)) ?? false
        }
    }
}
