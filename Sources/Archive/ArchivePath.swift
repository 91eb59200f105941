/// What may be made of a member's name: the folder that tells its class, and the name of the file.
///
/// Nothing is ever unpacked by such a name. Still one that is absolute or has `..` is refused: no tool writes it unless it is told
/// to, and which folder is meant by it is anybody's guess. Both kinds of slash separate, empty and `.` components do not count.
public struct ArchivePath: Sendable, Equatable {
    /// The first folder; `nil` for a file outside of any.
    public let folder: String?
    /// The last component.
    public let name: String
    /// Whether it is hidden, or one of the files that macOS and Windows put beside photos.
    public let isPassedOver: Bool

    /// Reads the name of a member that is no folder.
    ///
    /// - Throws: ``ArchiveFault`` with ``ArchiveFault/Code/memberInvalid``.
    public init(_ text: String) throws(ArchiveFault) {
        guard !text.utf8.contains(0) else { throw .memberInvalid("Its name has a NUL.") }
        guard !text.hasPrefix("/"), !text.hasPrefix("\\") else {
            throw .memberInvalid("Its name begins with a slash; names must be relative.")
        }
        let components = text.split { $0 == "/" || $0 == "\\" }.filter { $0 != "." }
        guard !components.contains("..") else { throw .memberInvalid("Its name has a '..' in it.") }
        guard let first = components.first, let last = components.last else {
            throw .memberInvalid("It has no name.")
        }
        folder = components.count > 1 ? String(first) : nil
        name = String(last)
        isPassedOver =
            components.contains { $0.hasPrefix(".") } || first == "__MACOSX"
            || Self.companions.contains(last.lowercased())
    }

    private static let companions: Set<String> = ["thumbs.db", "desktop.ini"]
}
