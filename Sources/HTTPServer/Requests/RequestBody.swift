public import HTTPWire
import Synchronization

/// The body of a request, pulled piece by piece.
///
/// The server reads no more than a bounded buffer from the peer before a piece is asked for: so the
/// next piece arrives while its reader works on the one before. A peer
/// that waits for `100 Continue` gets it only with the first pull, so a handler that answers
/// without pulling spares it the upload. The body can be read once: a second iteration continues
/// where the first stopped.
public struct RequestBody: AsyncSequence, Sendable {
    /// A piece of at most ``HTTPLimits/maxBodyPieceBytes`` bytes, never empty.
    public typealias Element = [UInt8]
    /// The fault that ends a body early.
    public typealias Failure = HTTPFault

    /// The declared length: 0 without a body, `nil` for a chunked one.
    public let declaredLength: UInt64?

    private let pull: @Sendable () async -> Result<[UInt8]?, HTTPFault>

    /// Creates a body from a function that returns the next piece, and `nil` after the last.
    public init(
        declaredLength: UInt64?,
        pull: @escaping @Sendable () async -> Result<[UInt8]?, HTTPFault>
    ) {
        self.declaredLength = declaredLength
        self.pull = pull
    }

    /// Creates a body from bytes, delivered in pieces of ``HTTPLimits/maxBodyPieceBytes``.
    public init(_ bytes: [UInt8]) {
        let rest = Mutex(bytes[...])
        let most = HTTPLimits().maxBodyPieceBytes
        self.init(declaredLength: UInt64(bytes.count)) {
            .success(
                rest.withLock { rest in
                    let piece = Array(rest.prefix(most))
                    rest = rest.dropFirst(piece.count)
                    return piece.isEmpty ? nil : piece
                }
            )
        }
    }

    /// Begins or continues reading.
    public func makeAsyncIterator() -> Iterator { Iterator(pull: pull) }

    /// Iterates over the pieces.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async -> Result<[UInt8]?, HTTPFault>

        /// Returns the next piece, or `nil` when the body is complete.
        ///
        /// - Throws: ``HTTPFault`` if the framing is malformed, the body is over the limit or the
        ///   peer is too slow or gone.
        public mutating func next() async throws(HTTPFault) -> [UInt8]? {
            try await pull().get()
        }

        /// Returns the next piece, or `nil` when the body is complete.
        ///
        /// - Parameter actor: The caller's isolation, which is left while waiting.
        /// - Returns: At least one byte, or `nil`.
        /// - Throws: ``HTTPFault`` if the framing is malformed, the body is over the limit or the
        ///   peer is too slow or gone.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPFault) -> [UInt8]? {
            try await pull().get()
        }
    }

    /// Reads a short body as a whole.
    ///
    /// - Parameter maxBytes: The maximum accepted.
    /// - Returns: All bytes.
    /// - Throws: ``HTTPFault/bodyTooLarge(limit:)`` as soon as the body is known to be longer, or a fault
    ///   while reading.
    public func collect(upTo maxBytes: Int) async throws(HTTPFault) -> [UInt8] {
        let tooLarge = HTTPFault.bodyTooLarge(limit: UInt64(maxBytes))
        if let declaredLength, declaredLength > UInt64(maxBytes) { throw tooLarge }
        var bytes: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let piece = try await iterator.next() {
            guard piece.count <= maxBytes - bytes.count else { throw tooLarge }
            bytes += piece
        }
        return bytes
    }
}
