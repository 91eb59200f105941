import Glibc
import Imaging

/// Whether somebody who named a folder may have meant this file in it.
///
/// It decides only what is passed over: what a file is, and whether it can be protected, is found out where it is decoded.
enum PictureSign {
    private static let extensions = [".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"]
    /// More than any signature has, with the brands of the HEIF family.
    private static let beginning = 256

    /// Whether the name is that of a picture that can be protected.
    static func isShown(byName path: String) -> Bool {
        let name = path.lowercased()
        return extensions.contains(where: name.hasSuffix)
    }

    /// Whether the name or the first bytes of a regular file are those of a picture of any format.
    ///
    /// A file that cannot be read may be one, and its fault must be told.
    static func isShown(byFile path: String) -> Bool {
        guard !isShown(byName: path) else { return true }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: beginning) { buffer, initialized in
            count = read(descriptor, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        return count < 0 || ImageFormat.detect(bytes) != .unknown
    }
}
