import Cryptography
import Glibc
import POSIX
import Synchronization

/// Keeps checked pictures in an unnamed file, which disappears when its descriptor is closed.
///
/// A run may have thousands of pictures, too many to keep in memory.
final class SemanticImageShelf: Sendable {
    /// The location of a picture in the file.
    struct Place: Sendable, Hashable {
        fileprivate let offset: UInt64
        fileprivate let count: Int
        fileprivate let sha256: SHA256Digest
    }

    private let file: FileDescriptor
    private let end = Mutex<UInt64>(0)

    /// Creates a shelf on an empty file.
    init(on file: consuming FileDescriptor) {
        self.file = file
    }

    /// Appends a picture, blocking on the disk.
    ///
    /// - Throws: ``OutputFolder/Fault``.
    func add(_ picture: HashedBytes) throws(OutputFolder.Fault) -> Place {
        let count = picture.bytes.count
        let offset = end.withLock { end in
            defer { end += UInt64(count) }
            return end
        }
        try OutputFolder.Fault.during("writing", file.write(picture.bytes, at: offset))
        return Place(offset: offset, count: count, sha256: picture.sha256)
    }

    /// Reads a picture, blocking on the disk.
    ///
    /// - Throws: ``OutputFolder/Fault``.
    func picture(at place: Place) throws(OutputFolder.Fault) -> HashedBytes {
        let bytes = try OutputFolder.Fault.during(
            "reading",
            file.read(place.count, at: place.offset)
        )
        guard bytes.count == place.count else {
            throw OutputFolder.Fault("reading", SystemError(call: "pread", code: EIO))
        }
        return HashedBytes(bytes, sha256: place.sha256)
    }
}
