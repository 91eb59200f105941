public import HTTPWire
import Synchronization

/// The body of a request, pulled piece by piece.
///
/// Nothing is read from the peer beyond a bounded buffer until a piece is asked for, and a peer that waits for
/// `100 Continue` gets it with the first pull only; a handler that answers without pulling spares it the upload. The body can
/// be read once: a second iteration goes on where the first stopped.
public struct RequestBody: AsyncSequence, Sendable {
    /// A piece of at most ``HTTPLimits/maxBodyPieceBytes`` bytes, never empty.
    public typealias Element = [UInt8]
    /// What ends a body early.
    public typealias Failure = HTTPFault

    /// The length that the head declares: 0 without a body, `nil` for a chunked one.
    public let declaredLength: UInt64?

    private let pull: @Sendable () async -> Result<[UInt8]?, HTTPFault>

    /// Creates a body from a function that gives the next piece, and `nil` after the last.
    public init(declaredLength: UInt64?, pull: @escaping @Sendable () async -> Result<[UInt8]?, HTTPFault>) {
        self.declaredLength = declaredLength
        self.pull = pull
    }

    /// Creates a body from bytes, given out in pieces of 128 KiB.
    public init(_ bytes: [UInt8]) {
        let rest = Mutex(bytes[...])
        self.init(declaredLength: UInt64(bytes.count)) {
            .success(
                rest.withLock { rest in
                    let piece = Array(rest.prefix(128 << 10))
                    rest = rest.dropFirst(piece.count)
                    return piece.isEmpty ? nil : piece
                }
            )
        }
    }

    /// Begins, or goes on, to read.
    public func makeAsyncIterator() -> Iterator { Iterator(pull: pull) }

    /// Gives the pieces.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async -> Result<[UInt8]?, HTTPFault>

        /// The next piece; `nil` when the body is complete.
        ///
        /// - Throws: ``HTTPFault`` for malformed framing, a body over the limit, a peer that is too slow or gone.
        public mutating func next() async throws(HTTPFault) -> [UInt8]? {
            try await pull().get()
        }

        /// The next piece; `nil` when the body is complete.
        ///
        /// - Parameter actor: The caller's isolation, which is left while waiting.
        /// - Returns: At least one byte, or `nil`.
        /// - Throws: ``HTTPFault`` for malformed framing, a body over the limit, a peer that is too slow or gone.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPFault) -> [UInt8]? {
            try await pull().get()
        }
    }

    /// Hands over each piece while the next one is on its way, so that network and disk work at the same time.
    ///
    /// Two pieces are in memory at most.
    ///
    /// - Parameter work: Takes a piece; called for one after the other.
    /// - Throws: What `work` throws, after which nothing more is read; ``HTTPFault`` as the iteration does.
    public func forEachPiece(_ work: ([UInt8]) async throws -> Void) async throws {
        var current = await pull()
        while let piece = try current.get() {
            async let following = pull()
            try await work(piece)
            current = await following
        }
    }

    /// Reads a short body as a whole.
    ///
    /// - Parameter maxBytes: The most that is accepted.
    /// - Returns: All bytes.
    /// - Throws: ``HTTPFault/bodyTooLarge`` as soon as the body is known to be longer, or a fault of reading.
    public func collect(upTo maxBytes: Int) async throws(HTTPFault) -> [UInt8] {
        if let declaredLength, declaredLength > UInt64(maxBytes) { throw .bodyTooLarge }
        var bytes: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let piece = try await iterator.next() {
            guard piece.count <= maxBytes - bytes.count else { throw .bodyTooLarge }
            bytes += piece
        }
        return bytes
    }
}
