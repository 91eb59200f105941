/// The folders and the file name derived from a member's name.
///
/// Nothing is ever unpacked under such a name. An absolute name or one with `..` is still refused:
/// no tool writes it unless told to, and the folder it means is ambiguous. Both kinds of slash
/// separate components; empty and `.` components are ignored.
public struct ArchivePath: Sendable, Equatable {
    /// The folders that contain the file, outermost first; none for a top-level file.
    public let folders: [String]
    /// The last component.
    public let name: String

    /// Parses the name of a member that is not a folder.
    ///
    /// - Throws: ``ArchiveFault`` with ``ArchiveFault/Code/memberInvalid``.
    public init(_ text: String) throws(ArchiveFault) {
        guard !text.utf8.contains(0) else { throw .memberInvalid("Its name has a NUL.") }
        // Split by scalars: Swift treats a slash with a combining accent as another character, a
        // file system as a slash.
        let scalars = text.unicodeScalars
        guard scalars.first != "/", scalars.first != "\\" else {
            throw .memberInvalid("Its name begins with a slash; names must be relative.")
        }
        var components = scalars.split { $0 == "/" || $0 == "\\" }.map(String.init).filter {
            $0 != "."
        }
        guard !components.contains("..") else { throw .memberInvalid("Its name has a '..' in it.") }
        guard let last = components.popLast() else { throw .memberInvalid("It has no name.") }
        folders = components
        name = last
    }
}
