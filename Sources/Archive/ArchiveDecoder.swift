/// Takes an archive apart as a stream, however its bytes are split.
///
/// It keeps at most what has been given to it last, one header, and a few words for each member. Feed bytes, then take events
/// until there is none:
///
///     decoder.receive(piece)
///     while let event = try decoder.next() { … }
///     // after the last byte:
///     try decoder.finish()
///
/// What comes before a fault is not to be trusted: an archive is good only when ``finish()`` returns.
public protocol ArchiveDecoder {
    /// Gives the decoder the next bytes.
    mutating func receive(_ bytes: [UInt8])

    /// Takes the next event; `nil` when more bytes are needed.
    ///
    /// - Throws: ``ArchiveFault``; then again on every call.
    mutating func next() throws(ArchiveFault) -> ArchiveEvent?

    /// Checks that the archive's end has come.
    ///
    /// - Throws: ``ArchiveFault`` with ``ArchiveFault/Code/truncated``, or the fault that ``next()`` gave.
    func finish() throws(ArchiveFault)
}

/// The bounds of an archive that comes in.
public struct ArchiveLimits: Sendable, Equatable {
    /// Members, folders and links among them.
    public var maxMembers: Int
    /// Bytes of one member's name.
    public var maxNameBytes: Int
    /// Bytes of one extended header of a tar.
    public var maxExtendedHeaderBytes: Int
    /// Bytes of all members together.
    public var maxUnpackedBytes: UInt64
    /// How many times more bytes than have come in may be unpacked, above ``freelyUnpackedBytes``.
    ///
    /// Deflate reaches 1,032; a photo that was stored well hardly shrinks at all.
    public var maxRatio: UInt64
    /// What may be unpacked whatever the ratio: small flat pictures shrink a lot.
    public var freelyUnpackedBytes: UInt64

    /// Creates the limits; every parameter has the project's default.
    public init(
        maxMembers: Int = 40_100,
        maxNameBytes: Int = 4096,
        maxExtendedHeaderBytes: Int = 1 << 20,
        maxUnpackedBytes: UInt64 = 1 << 30,
        maxRatio: UInt64 = 100,
        freelyUnpackedBytes: UInt64 = 16 << 20
    ) {
        self.maxMembers = maxMembers
        self.maxNameBytes = maxNameBytes
        self.maxExtendedHeaderBytes = maxExtendedHeaderBytes
        self.maxUnpackedBytes = maxUnpackedBytes
        self.maxRatio = maxRatio
        self.freelyUnpackedBytes = freelyUnpackedBytes
    }
}
