import JobModel
import POSIX

/// Decides whether a file in a named folder may be meant as a photo; see `FileRule`.
enum PhotoSniffer {
    /// Whether the name or the first bytes of a regular file are those of a picture of any format.
    ///
    /// An unreadable file counts as a picture, so that its fault is reported.
    static func mayBePhoto(at path: String) -> Bool {
        guard !FileRule.isPhoto(named: path) else { return true }
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, .nonBlocking)
            return FileRule.isPhoto(beginningWith: try file.readNext(atMost: FileRule.prefixLength))
        } catch {
            return true
        }
    }
}
