import POSIX

/// A blob that is open for reading at any place, by any number of tasks.
///
/// The bytes stay readable until the last reference goes, even if the blob is removed meanwhile.
public final class BlobReader: Sendable {
    /// The blob's size in bytes.
    public let size: UInt64
    private let file: FileDescriptor

    init(opening path: String) throws(BlobStoreError) {
        let file = try disk(FileDescriptor(opening: path))
        size = try disk(file.size())
        self.file = file
    }

    /// Reads a range, blocking on the disk.
    ///
    /// - Parameters:
    ///   - offset: The first byte.
    ///   - count: How many bytes; `offset + count` is at most ``size``.
    /// - Returns: Exactly `count` bytes.
    /// - Throws: ``BlobStoreError/rangeOutsideBlob``, ``BlobStoreError/corrupt`` if the file is shorter than it was.
    public func read(at offset: UInt64, count: Int) throws(BlobStoreError) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset else { throw .rangeOutsideBlob }
        let bytes = try disk(file.read(count, at: offset))
        guard bytes.count == count else { throw .corrupt }
        return bytes
    }
}
