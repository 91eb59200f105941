import JobModel
import POSIX

/// Whether somebody who named a folder may have meant this file in it, see `FileRule`.
enum PictureSign {
    /// Whether the name or the first bytes of a regular file are those of a picture of any format.
    ///
    /// A file that cannot be read may be one, and its fault must be told.
    static func isShown(byFile path: String) -> Bool {
        guard !FileRule.isPhoto(named: path) else { return true }
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, .nonBlocking)
            return FileRule.isPhoto(beginningWith: try file.readNext(atMost: FileRule.beginning))
        } catch {
            return true
        }
    }
}
