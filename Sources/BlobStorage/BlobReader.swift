/// An open blob that any number of tasks may read at any offset.
public protocol BlobReader: Sendable {
    /// The blob's size in bytes.
    var size: UInt64 { get }

    /// Reads a range, without checking a hash.
    ///
    /// If the blob is removed meanwhile, a storage that can keeps serving it; any other throws
    /// ``BlobStorageError/notFound``.
    ///
    /// - Parameters:
    ///   - offset: The offset of the first byte.
    ///   - count: The number of bytes; `offset + count` is at most ``size``.
    /// - Returns: Exactly `count` bytes.
    /// - Throws: ``BlobStorageError/rangeOutsideBlob``; ``BlobStorageError/corrupt`` if the blob
    ///   has become shorter; ``BlobStorageError/notFound`` if it was removed; others.
    func read(at offset: UInt64, count: Int) throws(BlobStorageError) -> [UInt8]
}
