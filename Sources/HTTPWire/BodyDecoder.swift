/// Takes a request body out of the byte stream, whatever its framing.
public struct BodyDecoder: Sendable {
    /// What a step gave.
    public enum Step: Sendable, Equatable {
        /// Nothing can be said until more bytes come.
        case needsBytes
        /// The next bytes of the body, at least one.
        case piece([UInt8])
        /// The body is complete; the buffer is at the first byte after it.
        case end
    }

    private enum Coding {
        case length(remaining: UInt64)
        case chunked(ChunkedDecoder)
    }

    private var coding: Coding
    private let maxPieceBytes: Int

    /// Creates a decoder.
    public init(framing: BodyFraming, limits: HTTPLimits) {
        maxPieceBytes = limits.maxBodyPieceBytes
        switch framing {
        case .none: coding = .length(remaining: 0)
        case .length(let length): coding = .length(remaining: length)
        case .chunked: coding = .chunked(ChunkedDecoder(limits: limits))
        }
    }

    /// The bytes still to come, where the framing tells; `nil` for a chunked body.
    public var remainingBytes: UInt64? {
        switch coding {
        case .length(let remaining): remaining
        case .chunked: nil
        }
    }

    /// Consumes at most one piece from `buffer`.
    ///
    /// - Throws: A fault of the chunked coding; a body of known length has none.
    public mutating func decode(_ buffer: inout ReceiveBuffer) throws(HTTPFault) -> Step {
        switch coding {
        case .length(let remaining):
            guard remaining > 0 else { return .end }
            guard !buffer.isEmpty else { return .needsBytes }
            let piece = buffer.take(upTo: Int(min(remaining, UInt64(maxPieceBytes))))
            coding = .length(remaining: remaining - UInt64(piece.count))
            return .piece(piece)
        case .chunked(var decoder):
            // Written back also when it throws, for a decoder that has failed keeps failing.
            defer { coding = .chunked(decoder) }
            return try decoder.decode(&buffer)
        }
    }
}
