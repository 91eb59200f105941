/// Why an archive that comes in is not taken.
///
/// It never carries bytes of the archive, so that its sentence may be sent back and logged as it is.
public struct ArchiveFault: Error, Sendable, Equatable {
    /// What is wrong, as a stable snake_case word for programs.
    public enum Code: String, Sendable {
        /// The archive ends before its end.
        case truncated = "archive_truncated"
        /// The bytes are no archive of the format, or contradict each other.
        case invalid = "archive_invalid"
        /// A member is of a kind, or has a name, that is not taken.
        case memberInvalid = "archive_member_invalid"
        /// The archive unpacks to far more than it holds, or has too many members.
        case bomb = "archive_bomb"
        /// The archive as a whole is compressed.
        case compressed = "archive_compressed"
    }

    /// What is wrong.
    public let code: Code
    /// A sentence or two for people.
    public let detail: String

    static let truncated = ArchiveFault(
        code: .truncated,
        detail: "The archive ends before its end: its last bytes did not come."
    )

    static func invalid(_ detail: String) -> ArchiveFault { ArchiveFault(code: .invalid, detail: detail) }

    static func memberInvalid(_ detail: String) -> ArchiveFault { ArchiveFault(code: .memberInvalid, detail: detail) }

    static func bomb(_ detail: String) -> ArchiveFault { ArchiveFault(code: .bomb, detail: detail) }

    /// An archive that is compressed as a whole, which nothing here undoes.
    public static let compressed = ArchiveFault(
        code: .compressed,
        detail:
            "The archive is compressed as a whole; send the tar as it is, without gzip or the like (tar c, not tar cz)."
    )

    /// The same fault with the place of the member it is about, counted from 1.
    public func ofMember(_ number: Int) -> ArchiveFault {
        let sentence = detail.prefix(1).lowercased() + detail.dropFirst()
        return ArchiveFault(code: code, detail: "Member \(number) of the archive: \(sentence)")
    }
}
