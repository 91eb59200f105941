import BlobStorage
import POSIX

/// An open blob file.
///
/// Its bytes stay readable until the last reference goes, even if the blob is removed meanwhile.
final class LocalBlob: BlobReader {
    let size: UInt64
    private let file: FileDescriptor

    init(opening path: String) throws(BlobStorageError) {
        let file = try disk(FileDescriptor(opening: path))
        size = try disk(file.size())
        self.file = file
    }

    func read(at offset: UInt64, count: Int) throws(BlobStorageError) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset
        else { throw .rangeOutsideBlob }
        let bytes = try disk(file.read(count, at: offset))
        guard bytes.count == count else { throw .corrupt }
        return bytes
    }
}
