public import BlobStorage
public import LocalBlobs
public import POSIX

extension DataFolder {
    /// Opens the folder's blob storage, creating missing folders.
    ///
    /// - Returns: The concrete storage; code that only reads and writes blobs needs just
    ///   `BlobStorage`.
    /// - Throws: `BlobStorageError` if the disk fails.
    public func openBlobs() throws(BlobStorageError) -> LocalBlobs {
        try LocalBlobs(root: path)
    }
}

/// Reports the free space of a disk.
///
/// It is not part of `BlobStorage`, because an object store has no free bytes. What counts is the
/// disk to which uploads are first written, wherever it is.
public protocol DiskSpaceReporting: Sendable {
    /// Returns the size and the free space of the disk.
    ///
    /// This blocks on the disk.
    ///
    /// - Returns: Both in bytes.
    /// - Throws: `BlobStorageError` if the disk fails.
    func diskSpace() throws(BlobStorageError) -> DiskSpace
}

extension LocalBlobs: DiskSpaceReporting {}
