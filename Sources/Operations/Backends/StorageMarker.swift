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

    /// Requires the marker, or makes it where no node has been before.
    ///
    /// - Parameters:
    ///   - blobs: The node's storage.
    ///   - store: What the nodes share.
    ///   - disk: Runs the calls that block on the storage.
    /// - Throws: `DataFolder.Fault` if this is not the storage of the other nodes; errors of the
    ///   storage and of the store.
    public static func require(
        in blobs: NodeBlobs,
        of store: any Store,
        on disk: BlockingExecutor
    ) async throws {
        guard let notes = DataFolder.blobNotes(in: store) else { return }
        let storage = blobs.storage
        if try await store.agreed(on: name) == nil {
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
    }
}
