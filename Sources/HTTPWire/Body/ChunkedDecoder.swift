/// Decodes the chunked transfer coding (RFC 9112 section 7.1).
///
/// Sizes are 1 to 16 hexadecimal digits, and only CR LF ends a line. Extensions are checked and
/// ignored; trailers are checked as field lines and dropped. Together they may take
/// ``HTTPLimits/maxChunkOverheadBytes`` over the whole body.
///
///     sizeLine ──size>0──▶ data ──all──▶ dataEnd ──CRLF──▶ sizeLine
///        └──size 0──▶ trailers ──empty line──▶ complete            any offence ──▶ failed
struct ChunkedDecoder: Sendable {
    private enum State {
        case sizeLine
        case data(remaining: UInt64)
        case dataEnd
        case trailers
        case complete
        case failed(HTTPFault)
    }

    private static let maxSizeDigits = 16

    private let limits: HTTPLimits
    private var state = State.sizeLine
    private var bodyBytes: UInt64 = 0
    private var overheadBytes = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Consumes up to one piece.
    ///
    /// Small chunks are coalesced, so that each does not cost a turn.
    mutating func decode(_ buffer: inout ReceiveBuffer) throws(HTTPFault) -> BodyDecoder.Step {
        var piece: [UInt8] = []
        do throws(HTTPFault) {
            while piece.count < limits.maxBodyPieceBytes, try advance(&buffer, into: &piece) {}
        } catch {
            state = .failed(error)
            // The bytes before the offence are valid; the next step throws.
            if piece.isEmpty { throw error }
        }
        guard piece.isEmpty else { return .piece(piece) }
        if case .complete = state { return .end }
        return .needsBytes
    }

    /// Takes one step of the machine; `false` when it needs bytes or is complete.
    private mutating func advance(
        _ buffer: inout ReceiveBuffer,
        into piece: inout [UInt8]
    ) throws(HTTPFault) -> Bool {
        switch state {
        case .sizeLine:
            let allowed = Self.maxSizeDigits + 2 + overheadLeft
            guard let line = try takeLine(&buffer, maxBytes: allowed, over: .chunkOverheadTooLarge)
            else {
                return false
            }
            let size = try size(of: line)
            guard size <= limits.maxBodyBytes - bodyBytes else {
                throw .bodyTooLarge(limit: limits.maxBodyBytes)
            }
            bodyBytes += size
            state = size == 0 ? .trailers : .data(remaining: size)
        case .data(let remaining):
            guard !buffer.isEmpty else { return false }
            let room = UInt64(limits.maxBodyPieceBytes - piece.count)
            let bytes = buffer.take(upTo: Int(min(remaining, room)))
            if piece.isEmpty { piece = bytes } else { piece += bytes }
            let left = remaining - UInt64(bytes.count)
            state = left == 0 ? .dataEnd : .data(remaining: left)
        case .dataEnd:
            if let first = buffer.byte(at: 0), first != Grammar.carriageReturn {
                throw .malformedChunk
            }
            guard let second = buffer.byte(at: 1) else { return false }
            guard second == Grammar.lineFeed else { throw .malformedChunk }
            buffer.discard(2)
            state = .sizeLine
        case .trailers:
            guard
                let line = try takeLine(
                    &buffer,
                    maxBytes: overheadLeft + 2,
                    over: .chunkOverheadTooLarge
                )
            else {
                return false
            }
            if line.isEmpty {
                state = .complete
                return false
            }
            try spend(line.count + 2)
            _ = try FieldLine.decode(line)
        case .complete:
            return false
        case .failed(let fault):
            throw fault
        }
        return true
    }

    private var overheadLeft: Int { limits.maxChunkOverheadBytes - overheadBytes }

    private mutating func spend(_ bytes: Int) throws(HTTPFault) {
        guard bytes <= overheadLeft else { throw .chunkOverheadTooLarge }
        overheadBytes += bytes
    }

    private func takeLine(
        _ buffer: inout ReceiveBuffer,
        maxBytes: Int,
        over fault: HTTPFault
    ) throws(HTTPFault) -> [UInt8]? {
        switch buffer.takeLine(maxBytes: maxBytes) {
        case .incomplete: return nil
        case .tooLong: throw fault
        case .malformed: throw .malformedChunk
        case .line(let line): return line
        }
    }

    private mutating func size(of line: [UInt8]) throws(HTTPFault) -> UInt64 {
        let digits = line.prefix { Grammar.hexValue($0) != nil }
        guard (1...Self.maxSizeDigits).contains(digits.count) else { throw .malformedChunk }
        let rest = line[digits.count...]
        if !rest.isEmpty {
            guard rest.first(where: { !Grammar.isBlank($0) }) == 0x3B,
                rest.allSatisfy(Grammar.isFieldValue)
            else {
                throw .malformedChunk
            }
            try spend(rest.count)
        }
        return digits.reduce(0) { $0 << 4 | UInt64(Grammar.hexValue($1) ?? 0) }
    }
}
