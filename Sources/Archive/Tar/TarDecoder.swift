/// Decodes an uncompressed tar file as a stream: ustar, GNU, pax and version 7.
///
///     header ──member──▶ bytes ──▶ padding ──▶ header
///       ├── L, K, x, g ──▶ extended ──▶ header
///       └── zeros ──▶ lastBlock ──zeros──▶ end
public struct TarDecoder: ArchiveDecoder, Sendable {
    private enum State {
        case header
        case extended(TarHeader.Kind, size: Int)
        case bytes(remaining: UInt64, padding: Int)
        case padding(Int)
        /// One block of zeros was read; an archive ends with two.
        case lastBlock
        case end
        case failed(ArchiveFault)
    }

    /// The extended headers before a member.
    private struct Extension {
        var longName: [UInt8]?
        var hasLongLink = false
        var records: PaxRecords?

        var isEmpty: Bool { longName == nil && !hasLongLink && records == nil }
    }

    /// Members are padded to whole blocks; the padding's content is ignored.
    private static let block = TarHeader.blockBytes
    /// The signatures of gzip, bzip2, xz and Zstandard.
    private static let compressions: [[UInt8]] = [
        [0x1F, 0x8B], [0x42, 0x5A, 0x68], [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x28, 0xB5, 0x2F, 0xFD],
    ]

    private let limits: ArchiveLimits
    private var state = State.header
    private var queue = ByteQueue()
    private var members = 0
    private var globalHeaders = 0
    private var about = Extension()

    /// Creates a decoder.
    public init(limits: ArchiveLimits = ArchiveLimits()) {
        self.limits = limits
    }

    /// Gives the decoder the next bytes.
    public mutating func receive(_ bytes: [UInt8]) {
        if case .failed = state { return }
        queue.append(bytes)
    }

    /// Takes the next event; `nil` when more bytes are needed.
    ///
    /// - Throws: ``ArchiveFault``, and again on every later call.
    public mutating func next() throws(ArchiveFault) -> ArchiveEvent? {
        do throws(ArchiveFault) {
            return try step()
        } catch {
            state = .failed(error)
            queue = ByteQueue()
            throw error
        }
    }

    /// Checks that the archive's end, two blocks of zeros, was reached.
    ///
    /// - Throws: ``ArchiveFault``.
    public func finish() throws(ArchiveFault) {
        switch state {
        case .end: return
        case .failed(let fault): throw fault
        case .header where members == 0 && Self.isCompressed(queue.peek(queue.count) ?? []):
            throw .compressed
        case .header, .extended, .bytes, .padding, .lastBlock: throw .truncated
        }
    }

    // MARK: - Steps

    private mutating func step() throws(ArchiveFault) -> ArchiveEvent? {
        while true {
            switch state {
            case .header:
                guard let block = queue.take(Self.block) else { return nil }
                if block.allSatisfy({ $0 == 0 }) {
                    guard about.isEmpty else {
                        throw .invalid(
                            "It ends after an extended header whose member is missing."
                        )
                    }
                    state = .lastBlock
                } else if let event = try begin(block) {
                    return event
                }
            case .extended(let kind, let size):
                guard let bytes = queue.take(Self.padded(size)) else { return nil }
                do throws(ArchiveFault) {
                    try extend(kind, by: Array(bytes.prefix(size)))
                } catch {
                    throw error.ofMember(members + 1)
                }
                state = .header
            case .bytes(0, let padding):
                state = .padding(padding)
                return .memberEnded
            case .bytes(let remaining, let padding):
                guard queue.count > 0 else { return nil }
                let bytes = queue.take(upTo: Int(clamping: remaining))
                state = .bytes(remaining: remaining - UInt64(bytes.count), padding: padding)
                return .memberBytes(bytes)
            case .padding(let count):
                guard queue.take(count) != nil else { return nil }
                state = .header
            case .lastBlock:
                guard let block = queue.take(Self.block) else { return nil }
                guard block.allSatisfy({ $0 == 0 }) else {
                    throw .invalid(
                        "A block of zeros, which ends a tar, stands between its members."
                    )
                }
                state = .end
            case .end:
                // Tapes are written in records of many blocks, so more zeros may follow.
                let rest = queue.take(upTo: queue.count)
                guard rest.allSatisfy({ $0 == 0 }) else {
                    throw .invalid(
                        "More than zeros follows its end; send one archive in a request."
                    )
                }
                return nil
            case .failed(let fault):
                throw fault
            }
        }
    }

    /// Parses a header.
    ///
    /// - Returns: The event, if the header is a member's.
    private mutating func begin(_ block: [UInt8]) throws(ArchiveFault) -> ArchiveEvent? {
        let number = members + 1
        do throws(ArchiveFault) {
            let header = try TarHeader(block)
            guard case .member(let kind) = header.kind else {
                guard header.size <= UInt64(limits.maxExtendedHeaderBytes) else {
                    throw .memberInvalid(
                        "Its extended header has more than \(limits.maxExtendedHeaderBytes) bytes."
                    )
                }
                state = .extended(header.kind, size: Int(header.size))
                return nil
            }
            return try begin(header, kind)
        } catch {
            // Test for compression only after parsing fails: a member's name may also begin with
            // "BZh".
            throw Self.isCompressed(block) && number == 1 ? .compressed : error.ofMember(number)
        }
    }

    private mutating func begin(
        _ header: TarHeader,
        _ kind: ArchiveMember.Kind
    ) throws(ArchiveFault) -> ArchiveEvent {
        members += 1
        guard members <= limits.maxMembers else {
            throw .bomb("An archive may have at most \(limits.maxMembers) members.")
        }
        let name = about.records?.path ?? about.longName ?? header.name
        let size = about.records?.size ?? header.size
        about = Extension()
        guard name.count <= limits.maxNameBytes else {
            throw .memberInvalid("Its name has more than \(limits.maxNameBytes) bytes.")
        }
        // Version 7 marks folders by a trailing slash.
        let isFolder = kind == .folder || kind == .file && name.last == UInt8(ascii: "/")
        // Programs disagree on whether data follows such a header, so the rest would be ambiguous.
        guard kind == .file && !isFolder || size == 0 else {
            throw .invalid("It is not a file but has bytes.")
        }
        guard size <= UInt64(Int64.max) else {
            throw .invalid("It has more bytes than there can be.")
        }
        state = .bytes(
            remaining: size,
            padding: Int((UInt64(Self.block) - size % UInt64(Self.block)) % UInt64(Self.block))
        )
        return .memberBegan(
            ArchiveMember(
                number: members,
                kind: isFolder ? .folder : kind,
                name: String(decoding: name, as: UTF8.self)
            )
        )
    }

    private mutating func extend(_ kind: TarHeader.Kind, by bytes: [UInt8]) throws(ArchiveFault) {
        let repeated = ArchiveFault.invalid("It has two extended headers of one kind.")
        switch kind {
        case .longName:
            guard about.longName == nil else { throw repeated }
            about.longName = Array(bytes.prefix { $0 != 0 })
        case .longLink:
            guard !about.hasLongLink else { throw repeated }
            about.hasLongLink = true
        case .extended:
            guard about.records == nil else { throw repeated }
            about.records = try PaxRecords(bytes)
        case .globalExtended:
            globalHeaders += 1
            guard globalHeaders <= limits.maxMembers else {
                throw .bomb("The archive has too many extended headers.")
            }
            let records = try PaxRecords(bytes)
            guard records.path == nil, records.size == nil else {
                throw .invalid("A header gives all members after it one name or one size.")
            }
        case .member: break
        }
    }

    private static func isCompressed(_ bytes: [UInt8]) -> Bool {
        compressions.contains { bytes.starts(with: $0) }
    }

    private static func padded(_ size: Int) -> Int {
        (size + block - 1) / block * block
    }
}
