import Glibc
import JobModel

/// Whether somebody who named a folder may have meant this file in it, see `FileRule`.
enum PictureSign {
    /// Whether the name or the first bytes of a regular file are those of a picture of any format.
    ///
    /// A file that cannot be read may be one, and its fault must be told.
    static func isShown(byFile path: String) -> Bool {
        guard !FileRule.isPhoto(named: path) else { return true }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: FileRule.beginning) { buffer, initialized in
            count = read(descriptor, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        return count < 0 || FileRule.isPhoto(beginningWith: bytes)
    }
}
