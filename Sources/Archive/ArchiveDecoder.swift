/// A streaming archive decoder, whose result does not depend on how the bytes are split.
///
/// It keeps at most the bytes last received, one header and a few words per member. Feed bytes,
/// then take events until there are none:
///
///     decoder.receive(piece)
///     while let event = try decoder.next() { … }
///     // after the last byte:
///     try decoder.finish()
///
/// Events before a fault are not trustworthy: an archive is valid only once ``finish()`` returns.
public protocol ArchiveDecoder {
    /// Gives the decoder the next bytes.
    mutating func receive(_ bytes: [UInt8])

    /// Takes the next event; `nil` when more bytes are needed.
    ///
    /// - Throws: ``ArchiveFault``, and again on every later call.
    mutating func next() throws(ArchiveFault) -> ArchiveEvent?

    /// Checks that the archive's end was reached.
    ///
    /// - Throws: ``ArchiveFault`` with ``ArchiveFault/Code/truncated``, or the fault thrown by
    ///   ``next()``.
    func finish() throws(ArchiveFault)
}

/// Bounds on an incoming archive.
public struct ArchiveLimits: Sendable, Equatable {
    /// Number of members, including folders and links.
    public var maxMembers: Int
    /// Bytes of one member's name.
    public var maxNameBytes: Int
    /// Bytes of one extended header of a tar file.
    public var maxExtendedHeaderBytes: Int
    /// Bytes of all members together.
    public var maxUnpackedBytes: UInt64
    /// Maximum ratio of unpacked to received bytes, applied above ``freelyUnpackedBytes``.
    ///
    /// Deflate reaches 1,032; a well-compressed photo hardly shrinks at all.
    public var maxRatio: UInt64
    /// Bytes that may be unpacked whatever the ratio, since small flat pictures shrink a lot.
    public var freelyUnpackedBytes: UInt64

    /// Creates the limits; the defaults are the project's.
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
