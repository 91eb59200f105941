import Cryptography
import Glibc
import Synchronization

/// Where the pictures of a call are kept after they were checked: a file without a name, which is gone with its descriptor.
///
/// Some thousand pictures are more than should stay in memory.
final class SemanticImageShelf: Sendable {
    /// Where a picture lies.
    struct Place: Sendable, Hashable {
        fileprivate let offset: Int
        fileprivate let count: Int
        fileprivate let sha256: SHA256Digest
    }

    private let descriptor: Int32
    private let end = Mutex(0)

    /// Takes an open, empty file, and closes it in the end.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Adds a picture, blocking on the disk.
    ///
    /// - Throws: ``OutputFolder/Fault``.
    func add(_ picture: HashedBytes) throws(OutputFolder.Fault) -> Place {
        let count = picture.bytes.count
        let offset = end.withLock { end in
            defer { end += count }
            return end
        }
        var written = 0
        while written < count {
            let result = picture.bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: written), count - written, off_t(offset + written))
            }
            let code = errno
            if result < 0, code == EINTR { continue }
            guard result > 0 else { throw OutputFolder.Fault("writing", result == 0 ? EIO : code) }
            written += result
        }
        return Place(offset: offset, count: count, sha256: picture.sha256)
    }

    /// Reads a picture, blocking on the disk.
    ///
    /// - Throws: ``OutputFolder/Fault``.
    func picture(at place: Place) throws(OutputFolder.Fault) -> HashedBytes {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: place.count) { buffer, count in
            count = 0
            while count < place.count {
                let result = pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: count),
                    place.count - count,
                    off_t(place.offset + count)
                )
                code = errno
                if result < 0, code == EINTR { continue }
                if result == 0 { code = EIO }
                guard result > 0 else { return }
                count += result
            }
            code = 0
        }
        guard bytes.count == place.count else { throw OutputFolder.Fault("reading", code) }
        return HashedBytes(bytes, sha256: place.sha256)
    }
}
