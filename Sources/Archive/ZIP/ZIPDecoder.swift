/// Decodes a ZIP as a stream from its local headers, then verifies its central directory.
///
/// Members are stored or deflated, with their sizes before or after them (APPNOTE.TXT 6.3.10). A
/// stored member whose size follows it has no detectable end. Nothing may stand between the
/// records, so that members cannot overlap or hide.
///
///     record ──local header──▶ stored | deflated ──▶ descriptor? ──▶ record
///       ├── central header ──▶ record
///       └── ZIP64 end, locator, end ──▶ comment ──▶ end
public final class ZIPDecoder: ArchiveDecoder {
    enum State {
        case record
        /// The bytes of a stored member.
        case stored(remaining: UInt64)
        /// The bytes of a deflated member; the remaining number is not always known.
        case deflated(remaining: UInt64?)
        case descriptor
        case comment(Int)
        case end
        case failed(ArchiveFault)
    }

    /// The order in which records must come.
    enum Stage: Comparable {
        case members
        case directory
        case zip64End
        case locator
    }

    /// The member whose bytes are being read.
    struct Current {
        let header: ZIPLocalHeader
        let offset: UInt64
        let isFolder: Bool
        var crc32: UInt32 = 0
        var packedSize: UInt64 = 0
        var size: UInt64 = 0
    }

    let limits: ArchiveLimits
    let inflater = Inflater()
    var state = State.record
    var stage = Stage.members
    var queue = ByteQueue()
    /// The number of bytes consumed.
    var position: UInt64 = 0
    var unpacked: UInt64 = 0
    var members = 0
    var current: Current?
    var directory = ZIPDirectory()
    var directoryOffset: UInt64 = 0
    var directoryLength: UInt64 = 0

    /// Creates a decoder.
    public init(limits: ArchiveLimits = ArchiveLimits()) {
        self.limits = limits
    }

    /// Gives the decoder the next bytes.
    public func receive(_ bytes: [UInt8]) {
        if case .failed = state { return }
        queue.append(bytes)
    }

    /// Takes the next event; `nil` when more bytes are needed.
    ///
    /// - Throws: ``ArchiveFault``, and again on every later call.
    public func next() throws(ArchiveFault) -> ArchiveEvent? {
        do throws(ArchiveFault) {
            return try step()
        } catch {
            state = .failed(error)
            queue = ByteQueue()
            throw error
        }
    }

    /// Checks that the archive's end was reached.
    ///
    /// - Throws: ``ArchiveFault``.
    public func finish() throws(ArchiveFault) {
        switch state {
        case .end: return
        case .failed(let fault): throw fault
        case .record, .stored, .deflated, .descriptor, .comment: throw .truncated
        }
    }

    // MARK: - Steps

    private func step() throws(ArchiveFault) -> ArchiveEvent? {
        while true {
            switch state {
            case .record:
                guard let signature = queue.peek(4) else { return nil }
                switch LittleEndian(signature).number32(0) {
                case ZIPSignature.localHeader where stage == .members:
                    return try beginMember()
                case let signature:
                    guard try readEnding(signature) else { return nil }
                }
            case .stored(0):
                if let event = try endBytes() { return event }
            case .stored(let remaining):
                guard queue.count > 0 else { return nil }
                let bytes = take(upTo: Int(clamping: remaining))
                state = .stored(remaining: remaining - UInt64(bytes.count))
                return try give(bytes, packed: bytes.count)
            case .deflated(let remaining):
                // Even with all input consumed, output may still be pending.
                guard queue.count > 0 || remaining == 0 else { return nil }
                if let event = try inflate(remaining) { return event }
            case .descriptor:
                return try readDescriptor()
            case .comment(let count):
                guard take(count) != nil else { return nil }
                state = .end
            case .end:
                guard queue.count == 0 else {
                    throw .invalid("Something follows its end; send one archive in a request.")
                }
                return nil
            case .failed(let fault):
                throw fault
            }
        }
    }

    func take(_ count: Int) -> [UInt8]? {
        guard queue.count >= count else { return nil }
        return take(upTo: count)
    }

    func take(upTo count: Int) -> [UInt8] {
        let bytes = queue.take(upTo: count)
        position += UInt64(bytes.count)
        return bytes
    }

    /// Consumes a record whose fixed part tells its length.
    func takeRecord(fixed: Int, length: ([UInt8]) -> Int) -> [UInt8]? {
        queue.peek(fixed).flatMap { take(length($0)) }
    }
}
