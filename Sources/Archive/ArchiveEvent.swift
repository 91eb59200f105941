/// A member of an archive, as its header describes it.
public struct ArchiveMember: Sendable, Equatable {
    /// What kind of thing it is.
    public enum Kind: Sendable, Equatable {
        /// A file, whose bytes follow.
        case file
        /// A folder, without bytes.
        case folder
        /// A link, a device or a pipe, without bytes.
        case other
    }

    /// Its place in the archive, from 1.
    public let number: Int
    /// What it is.
    public let kind: Kind
    /// Its name as the archive gives it, with U+FFFD for what is not UTF-8; a ZIP may have it in code page 437.
    ///
    /// It is data and no path: ``ArchivePath`` tells what may be made of it.
    public let name: String

    /// Describes a member, mainly for tests.
    public init(number: Int, kind: Kind, name: String) {
        self.number = number
        self.kind = kind
        self.name = name
    }
}

/// What an ``ArchiveDecoder`` finds, in order.
public enum ArchiveEvent: Sendable, Equatable {
    /// A member's header is complete.
    case memberBegan(ArchiveMember)
    /// The next bytes of the member, at least one.
    case memberBytes([UInt8])
    /// The member is complete, and its checksum right where it has one.
    case memberEnded
}
