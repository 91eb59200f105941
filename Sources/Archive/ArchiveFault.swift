/// Why an incoming archive is refused.
///
/// A fault never carries bytes of the archive, so its `detail` may be sent back and logged as is.
public struct ArchiveFault: Error, Sendable, Equatable {
    /// The fault as a stable snake_case name for programs.
    public enum Code: String, Sendable {
        /// The archive ends early.
        case truncated = "archive_truncated"
        /// The bytes are not an archive of the format, or contradict each other.
        case invalid = "archive_invalid"
        /// A member's kind or name is not accepted.
        case memberInvalid = "archive_member_invalid"
        /// The archive unpacks to far more than its size, or has too many members.
        case bomb = "archive_bomb"
        /// The archive as a whole is compressed.
        case compressed = "archive_compressed"
    }

    /// The code.
    public let code: Code
    /// One or two sentences for people.
    public let detail: String

    static let truncated = ArchiveFault(
        code: .truncated,
        detail: "The archive is cut short: its last bytes are missing."
    )

    static func invalid(_ detail: String) -> ArchiveFault {
        ArchiveFault(code: .invalid, detail: detail)
    }

    static func memberInvalid(_ detail: String) -> ArchiveFault {
        ArchiveFault(code: .memberInvalid, detail: detail)
    }

    static func bomb(_ detail: String) -> ArchiveFault { ArchiveFault(code: .bomb, detail: detail) }

    /// An archive that is compressed as a whole, which this module does not undo.
    public static let compressed = ArchiveFault(
        code: .compressed,
        detail:
            "The archive is compressed as a whole; send the tar as it is, without gzip or the like (tar c, not tar cz)."
    )

    /// Returns the same fault, prefixed with the position of its member, counted from 1.
    public func ofMember(_ number: Int) -> ArchiveFault {
        let sentence = detail.prefix(1).lowercased() + detail.dropFirst()
        return ArchiveFault(code: code, detail: "Member \(number) of the archive: \(sentence)")
    }
}
