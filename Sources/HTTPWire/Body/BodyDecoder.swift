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
    /// Whether a piece has been taken.
    private var hasBegun = false

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

    /// How many bytes a piece should have, except the first and the last.
    private var gatheredBytes: Int { max(maxPieceBytes / 2, 1) }

    /// How many bytes of the body are worth waiting for: 1, or as many as a piece should have.
    ///
    /// - Parameter buffered: The number of bytes that are there already.
    /// - Returns: At least 1.
    func awaitedBytes(buffered: Int) -> Int {
        guard case .length(let remaining) = coding, hasBegun else { return 1 }
        return remaining >= UInt64(buffered + gatheredBytes) ? gatheredBytes : 1
    }

    /// Consumes at most one piece from `buffer`.
    ///
    /// The first bytes of a body are a piece as soon as they arrive, since they may show that the
    /// rest is not wanted. Later pieces of a body of known length are gathered until they have half
    /// of ``HTTPLimits/maxBodyPieceBytes``: each costs its reader changes of threads, and peers send
    /// in small portions.
    ///
    /// - Parameters:
    ///   - buffer: The bytes that have arrived.
    ///   - gathers: Whether to wait for more bytes; false once none will come, or nobody reads.
    /// - Returns: What was found.
    /// - Throws: A fault of the chunked coding; a body of known length never throws.
    public mutating func decode(
        _ buffer: inout ReceiveBuffer,
        gathers: Bool
    ) throws(HTTPFault) -> Step {
        switch coding {
        case .length(let remaining):
            guard remaining > 0 else { return .end }
            let gathered = gathers && hasBegun ? min(remaining, UInt64(gatheredBytes)) : 1
            guard !buffer.isEmpty, buffer.count >= gathered else { return .needsBytes }
            hasBegun = true
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
