/// What may be made of a member's name: the folders that it lies in, and the name of the file.
///
/// Nothing is ever unpacked by such a name. Still one that is absolute or has `..` is refused: no tool writes it unless it is told
/// to, and which folder is meant by it is anybody's guess. Both kinds of slash separate, empty and `.` components do not count.
public struct ArchivePath: Sendable, Equatable {
    /// The folders that the file lies in, from the outermost in; none for a file outside of any.
    public let folders: [String]
    /// The last component.
    public let name: String

    /// Reads the name of a member that is no folder.
    ///
    /// - Throws: ``ArchiveFault`` with ``ArchiveFault/Code/memberInvalid``.
    public init(_ text: String) throws(ArchiveFault) {
        guard !text.utf8.contains(0) else { throw .memberInvalid("Its name has a NUL.") }
        // By scalars: a slash with an accent behind it is another character to Swift, and a slash to a file system.
        let scalars = text.unicodeScalars
        guard scalars.first != "/", scalars.first != "\\" else {
            throw .memberInvalid("Its name begins with a slash; names must be relative.")
        }
        var components = scalars.split { $0 == "/" || $0 == "\\" }.map(String.init).filter { $0 != "." }
        guard !components.contains("..") else { throw .memberInvalid("Its name has a '..' in it.") }
        guard let last = components.popLast() else { throw .memberInvalid("It has no name.") }
        folders = components
        name = last
    }
}
