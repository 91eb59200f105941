/// Splits a byte stream into frames, without I/O.
///
///     prefix ──16 bytes──> header ──complete──> body ──complete──> prefix
///
/// It checks the announced lengths before it keeps any byte after them. Memory grows with the
/// received bytes, never with the announced lengths. After a fault every further byte is refused
/// with the same fault.
public struct CodecFrameDecoder: Sendable {
    private enum Part {
        case prefix
        case header(bodyCount: Int)
        case body(header: [UInt8])
        case faulty(CodecFault)
    }

    /// The limits of frames whose lengths have not arrived yet.
    public var limits: CodecLimits
    private var part = Part.prefix
    /// The bytes of this part received so far.
    private var collected: [UInt8] = []
    /// The length of this part in bytes.
    private var wanted = CodecFrame.prefixCount

    /// Creates a decoder at the start of a stream.
    public init(limits: CodecLimits = CodecLimits()) {
        self.limits = limits
    }

    /// Whether the stream may end here, because no frame has begun.
    public var isBetweenFrames: Bool {
        if case .prefix = part { collected.isEmpty } else { false }
    }

    /// Consumes bytes until a frame is complete or no bytes are left.
    ///
    /// - Parameter bytes: The next bytes of the stream; consumed bytes are removed from the front.
    /// - Returns: A frame, or `nil` if more bytes are needed.
    /// - Throws: ``CodecFault``.
    public mutating func next(
        from bytes: inout UnsafeRawBufferPointer
    ) throws(CodecFault) -> CodecFrame? {
        while true {
            if case .faulty(let fault) = part { throw fault }
            let count = min(wanted - collected.count, bytes.count)
            collected.append(contentsOf: bytes.prefix(count))
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(count))
            guard collected.count == wanted else { return nil }
            if let frame = try finishPart() { return frame }
        }
    }

    private mutating func finishPart() throws(CodecFault) -> CodecFrame? {
        let complete = collected
        collected = []
        switch part {
        case .prefix:
            do throws(CodecFault) {
                let counts = try lengths(in: complete)
                (part, wanted) = (.header(bodyCount: counts.body), counts.header)
            } catch {
                part = .faulty(error)
            }
            return nil
        case .header(let bodyCount):
            (part, wanted) = (.body(header: complete), bodyCount)
            return nil
        case .body(let header):
            (part, wanted) = (.prefix, CodecFrame.prefixCount)
            return CodecFrame(header: header, body: complete)
        case .faulty(let fault):
            throw fault
        }
    }

    private func lengths(in prefix: [UInt8]) throws(CodecFault) -> (header: Int, body: Int) {
        guard prefix.starts(with: CodecFrame.magic) else { throw .badMagic }
        func number(_ range: Range<Int>) -> UInt64 {
            prefix[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let header = number(4..<8)
        let body = number(8..<16)
        guard header <= limits.maxHeaderBytes, let headerCount = Int(exactly: header) else {
            throw .headerTooLong(header)
        }
        guard body <= limits.maxBodyBytes, let bodyCount = Int(exactly: body) else {
            throw .bodyTooLong(body)
        }
        return (headerCount, bodyCount)
    }
}
