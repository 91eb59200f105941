public import BlobStorage
public import Cryptography
import POSIX

extension LocalBlobs {
    /// How a blob got into another store.
    public enum Copy: Sendable, Equatable {
        /// It was there already.
        case present
        /// It is a hard link to the same file, because both stores are on one disk.
        case linked
        /// Its bytes were copied and checked against its hash.
        case copied
    }

    /// Links or copies a blob into another store.
    ///
    /// A link survives a power cut only after ``synchronize()`` of the other store.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - other: The other store, which nobody else may be using.
    /// - Returns: How the blob got there.
    /// - Throws: ``BlobStorageError/notFound``, ``BlobStorageError/corrupt``, errors of either
    ///   disk.
    public func copy(
        _ sha256: SHA256Digest,
        to other: LocalBlobs
    ) throws(BlobStorageError) -> Copy {
        if other.contains(sha256) { return .present }
        let (ours, theirs) = (path(of: sha256), other.path(of: sha256))
        if try disk(FileSystem.link(ours, as: theirs)) { return .linked }
        _ = try other.put(try read(sha256))
        return .copied
    }

    /// Makes the names of all blobs survive a power cut.
    ///
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func synchronize() throws(BlobStorageError) {
        for folder in try disk(Folder.names(in: blobs)) {
            try disk(Folder.synchronize("\(blobs)/\(folder)"))
        }
        try disk(Folder.synchronize(blobs))
    }
}
