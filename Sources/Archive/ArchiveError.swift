/// Why a list of entries cannot become an archive.
public enum ArchiveError: Error, Sendable, Equatable {
    /// A name is empty, longer than 65,535 bytes or unsafe to unpack.
    ///
    /// Absolute names, backslashes, control characters, and empty, `.` and `..` components are
    /// refused.
    case unsafeName(String)
    /// Two entries have the same name.
    case duplicateName(String)
    /// The archive would be longer than 2^63 - 1 bytes.
    case tooLarge
}
