public import Archive

/// What a decoder made of an archive's bytes: its members, or what is wrong with it.
public struct ArchiveOutcome: Equatable {
    /// A member with its bytes.
    public struct Member: Equatable {
        /// What its header says.
        public let member: ArchiveMember
        /// What is in it.
        public internal(set) var bytes: [UInt8] = []
        /// Whether it came to its end.
        public internal(set) var isComplete = false
    }

    /// The members; none of an archive that is refused, since what comes before a fault is not to be trusted.
    public private(set) var members: [Member] = []
    /// Why it is refused.
    public private(set) var fault: ArchiveFault?

    /// Decodes an archive that comes in pieces.
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
