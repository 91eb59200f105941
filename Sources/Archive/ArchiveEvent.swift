/// A member of an archive, as described by its header.
public struct ArchiveMember: Sendable, Equatable {
    /// The kind of a member.
    public enum Kind: Sendable, Equatable {
        /// A file, whose bytes follow.
        case file
        /// A folder, which has no bytes.
        case folder
        /// A link, a device or a pipe, which has no bytes.
        case other
    }

    /// Its position in the archive, from 1.
    public let number: Int
    /// The kind.
    public let kind: Kind
    /// The name as the archive gives it, with U+FFFD for invalid UTF-8; in a ZIP it may be in code
    /// page 437.
    ///
    /// It is data, not a path: ``ArchivePath`` derives a safe path from it.
    public let name: String

    /// Creates a description, mainly for tests.
    public init(number: Int, kind: Kind, name: String) {
        self.number = number
        self.kind = kind
        self.name = name
    }
}

/// An event found by an ``ArchiveDecoder``, in stream order.
public enum ArchiveEvent: Sendable, Equatable {
    /// The member's header is complete.
    case memberBegan(ArchiveMember)
    /// The next bytes of the member, at least one.
    case memberBytes([UInt8])
    /// The member is complete and its checksum, if any, is correct.
    case memberEnded
}
