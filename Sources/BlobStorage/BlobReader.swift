/// A blob that is open for reading at any place, by any number of tasks.
public protocol BlobReader: Sendable {
    /// The blob's size in bytes.
    var size: UInt64 { get }

    /// Reads a range; its bytes are compared with no hash.
    ///
    /// If the blob is removed meanwhile, a storage that can goes on as if it were there, and any
    /// other finds nothing.
    ///
    /// - Parameters:
    ///   - offset: The first byte.
    ///   - count: How many bytes; `offset + count` is at most ``size``.
    /// - Returns: Exactly `count` bytes.
    /// - Throws: ``BlobStorageError/rangeOutsideBlob``; ``BlobStorageError/corrupt`` if the blob is
    ///   shorter than it was; ``BlobStorageError/notFound`` if it was removed; others.
    func read(at offset: UInt64, count: Int) throws(BlobStorageError) -> [UInt8]
}
