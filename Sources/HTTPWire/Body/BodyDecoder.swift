/// Takes a request body out of the byte stream, whatever its framing.
public struct BodyDecoder: Sendable {
    /// The result of one decoding step.
    public enum Step: Sendable, Equatable {
        /// More bytes are needed.
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

    /// The number of bytes still to come; `nil` for a chunked body.
    public var remainingBytes: UInt64? {
        switch coding {
        case .length(let remaining): remaining
        case .chunked: nil
        }
    }

    /// Consumes at most one piece from `buffer`.
    ///
    /// - Throws: A fault of the chunked coding; a body of known length never throws.
    public mutating func decode(_ buffer: inout ReceiveBuffer) throws(HTTPFault) -> Step {
        switch coding {
        case .length(let remaining):
            guard remaining > 0 else { return .end }
            guard !buffer.isEmpty else { return .needsBytes }
            let piece = buffer.take(upTo: Int(min(remaining, UInt64(maxPieceBytes))))
            coding = .length(remaining: remaining - UInt64(piece.count))
            return .piece(piece)
        case .chunked(var decoder):
            // Store the decoder even when it throws: a failed decoder must keep failing.
            defer { coding = .chunked(decoder) }
            return try decoder.decode(&buffer)
        }
    }
}
