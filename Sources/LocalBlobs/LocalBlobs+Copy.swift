public import BlobStorage
public import Cryptography
import POSIX

extension LocalBlobs {
    /// How a blob came into another store.
    public enum Copy: Sendable, Equatable {
        /// It was there already.
        case present
        /// It is the same file under another name, since both stores are on one disk.
        case linked
        /// Its bytes were copied, and compared with its hash.
        case copied
    }

    /// Gives a blob to another store as well.
    ///
    /// A link that was made so survives a power cut only after ``synchronize()`` of the other
    /// store.
    ///
    /// - Parameters:
    ///   - sha256: The blob.
    ///   - other: The other store, which nobody else uses.
    /// - Returns: How it was done.
    /// - Throws: ``BlobStorageError/notFound``, ``BlobStorageError/corrupt``, faults of either
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
    /// - Throws: Faults of the disk.
    public func synchronize() throws(BlobStorageError) {
        for folder in try disk(Folder.names(in: blobs)) {
            try disk(Folder.synchronize("\(blobs)/\(folder)"))
        }
        try disk(Folder.synchronize(blobs))
    }
}
