/// Why a list of entries cannot become an archive.
public enum ArchiveError: Error, Sendable, Equatable {
    /// A name is empty, longer than 65,535 bytes, or would lead out of the folder that the archive is unpacked in.
    ///
    /// Refused are absolute names, backslashes, control characters, and empty, `.` and `..` components.
    case unsafeName(String)
    /// Two entries have the same name.
    case duplicateName(String)
    /// The archive would be longer than 2^63 - 1 bytes.
    case tooLarge
}
