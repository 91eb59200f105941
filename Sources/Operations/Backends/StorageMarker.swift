import BlobStorage
import Cryptography
public import POSIX
public import Queue

/// A small file by which nodes find out that they have the same storage.
///
/// A node with another one, such as a mistyped prefix or a share that is not mounted, would take in
/// photos that nobody else finds, and fail those of others.
public enum StorageMarker {
    /// Under which name the database has the marker's hash.
    static let name = "storage"

    /// What every storage of a cluster has, whatever its database.
    private static let mark = Array(
        "This storage of photos is that of a Palimpsest cluster.\n".utf8
    )

    /// Requires the marker, or makes it where no node has been before.
    ///
    /// - Parameters:
    ///   - blobs: The node's storage.
    ///   - store: What the nodes share.
    ///   - disk: Runs the calls that block on the storage.
    /// - Throws: `DataFolder.Fault` if this is not the storage of the other nodes, or another
    ///   database's; errors of the storage and of the store.
    public static func require(
        in blobs: NodeBlobs,
        of store: any Store,
        on disk: BlockingExecutor
    ) async throws {
        let storage = blobs.storage
        guard let notes = DataFolder.blobNotes(in: store) else {
            // The data folder is nobody else's.
            if blobs.own == nil { try await requirePhotos(in: storage, of: store, on: disk) }
            return
        }
        if try await store.agreed(on: name) == nil {
            try await requireNoMark(in: storage, on: disk) {
                try await store.agreed(on: name) == nil
            }
            let number = String(try SecureRandom.uint64(), radix: 16)
            let bytes = Array("The storage of a Palimpsest cluster, \(number)\n".utf8)
            let marker = SHA256.hash(bytes)
            try await disk.run { () throws(BlobStorageError) in
                try notes.keep(marker)
                _ = try storage.put(bytes)
            }
            _ = try await store.agree(on: name, marker.hex)
        }
        guard let hex = try await store.agreed(on: name), let marker = SHA256Digest(hex: hex) else {
            throw StoreError.corrupt("it has no legal marker of a storage")
        }
        let size = try await disk.run { () throws(BlobStorageError) in try storage.size(of: marker)
        }
        guard size != nil else {
            throw DataFolder.Fault(
                description:
                    "The storage of photos is not that of the other nodes of this database, "
                    + "which has the file \(hex); set --blobs as theirs is."
            )
        }
        // After the database has the marker, so that another node does not take it for a stranger's.
        try await disk.run { () throws(BlobStorageError) in
            try notes.keep(SHA256.hash(mark))
            if try storage.size(of: SHA256.hash(mark)) == nil { _ = try storage.put(mark) }
        }
    }

    /// Requires that no other database has the storage: its photos would have no row in this one,
    /// and be removed.
    ///
    /// - Parameters:
    ///   - storage: The storage.
    ///   - disk: Runs the calls that block on the storage.
    ///   - isNew: Whether this database still has no marker.
    /// - Throws: `DataFolder.Fault` if another database has it; errors of the storage.
    private static func requireNoMark(
        in storage: any BlobStorage,
        on disk: BlockingExecutor,
        if isNew: () async throws -> Bool
    ) async throws {
        let isMarked = try await disk.run { () throws(BlobStorageError) in
            try isAnothers(storage)
        }
        // Another node of this database may have been quicker.
        guard isMarked, try await isNew() else { return }
        throw DataFolder.Fault(
            description:
                "The storage of photos is that of another database, whose photos would be lost: set "
                + "--database as it is with that storage, or another bucket, prefix or folder by "
                + "--blobs. If that database is gone for good, remove the file "
                + "\(SHA256.hash(mark).hex) from the storage."
        )
    }

    /// Whether a storage is that of a database, if the one that asks has none.
    static func isAnothers(_ storage: any BlobStorage) throws(BlobStorageError) -> Bool {
        try storage.size(of: SHA256.hash(mark)) != nil
    }

    /// Requires some of the files that a database without nodes refers to.
    private static func requirePhotos(
        in storage: any BlobStorage,
        of store: any Store,
        on disk: BlockingExecutor
    ) async throws {
        try await requireNoMark(in: storage, on: disk) { true }
        let files = try await store.referencedBlobs().sorted { $0.hex < $1.hex }.prefix(3)
        let sizes = try await disk.run { () throws(BlobStorageError) in
            try files.map { file throws(BlobStorageError) in try storage.size(of: file) }
        }
        guard sizes.isEmpty || sizes.contains(where: { $0 != nil }) else {
            throw DataFolder.Fault(
                description:
                    "The storage of photos has none of those that the database refers to; set --blobs "
                    + "as it was, or move everything there by `palimpsest migrate`."
            )
        }
    }
}
