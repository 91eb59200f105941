public import Archive

/// The result of decoding an archive: its members, or its fault.
public struct ArchiveOutcome: Equatable {
    /// A member with its bytes.
    public struct Member: Equatable {
        /// The member as described by its header.
        public let member: ArchiveMember
        /// The member's bytes.
        public internal(set) var bytes: [UInt8] = []
        /// Whether its end was reached.
        public internal(set) var isComplete = false
    }

    /// The members; none for a refused archive, since events before a fault are not trustworthy.
    public private(set) var members: [Member] = []
    /// The fault, if it was refused.
    public private(set) var fault: ArchiveFault?

    /// Decodes an archive that arrives in pieces.
    public init(of pieces: [[UInt8]], by decoder: any ArchiveDecoder) {
        var decoder = decoder
        do throws(ArchiveFault) {
            for piece in pieces {
                decoder.receive(piece)
                while let event = try decoder.next() { take(event) }
            }
            try decoder.finish()
        } catch {
            fault = error
            members = []
        }
    }

    private mutating func take(_ event: ArchiveEvent) {
        let last = members.count - 1
        switch event {
        case .memberBegan(let member): members.append(Member(member: member))
        case .memberBytes(let bytes): members[last].bytes += bytes
        case .memberEnded: members[last].isComplete = true
        }
    }
}
