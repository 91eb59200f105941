public import BlobStorage
public import LocalBlobs
public import POSIX

extension DataFolder {
    /// Opens the files of the folder, making their folders where they are missing.
    ///
    /// - Returns: The storage, as what it is: whoever only files and reads blobs needs no more of
    ///   it than `BlobStorage`.
    /// - Throws: Faults of the disk.
    public func openBlobs() throws(BlobStorageError) -> LocalBlobs {
        try LocalBlobs(root: blobsPath)
    }
}

/// Tells what a disk still takes.
///
/// It is no part of `BlobStorage`, since an object store has no free bytes: what matters is the
/// disk that uploads are written to before they are filed, wherever that is.
public protocol DiskSpaceReporting: Sendable {
    /// How large the disk is, and what it still takes.
    ///
    /// It blocks on the disk.
    ///
    /// - Returns: Both in bytes.
    /// - Throws: Faults of the disk.
    func diskSpace() throws(BlobStorageError) -> DiskSpace
}

extension LocalBlobs: DiskSpaceReporting {}
