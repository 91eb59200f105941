import HTTPTypes

/// One HTTP/1.1 connection seen from the server, without any I/O: events in, actions out.
///
/// The driver tells what happens (bytes came, the peer ended, the handler asks or answers, the output has left, time is up)
/// and carries out the returned actions in their order. It reads from the peer only while ``wantsBytes`` holds, which is all
/// of the back-pressure, and keeps the deadline that ``waiting`` names.
///
///                     ┌──────────────── next request (kept alive, output has left) ────────────────┐
///                     ▼                                                                            │
///     awaitingHead ──head──▶ exchanging ──answered, body complete──▶ flushing ────────────────────┤
///         │  │                 │      └──answered, body unread but short──▶ discarding ───────────┘
///         │  └─malformed─▶ exchanging (input broken, answer owed)               │
///         │                    │                                                │ too much, fault
///         │                    └──answered, connection not kept──▶ lingering ◀──┘
///         │                                                           │
///         └────── peer ended, idle too long, draining ──▶ closed ◀────┘ peer ended, time up
///
/// Inside `exchanging`, input and output go their ways independently:
///
///     input:   body ──end──▶ ended           output:  owed ──head──▶ streaming ──end──▶ (leaves `exchanging`)
///                 └─fault, peer ended, time up─▶ broken
///
/// The guarantees: requests are handed out one at a time and in order (RFC 9112 section 9.3.2); after a framing fault no byte
/// is interpreted any more; `100 Continue` is sent only when the handler asks for a body that has not begun to come
/// (RFC 9110 section 10.1.1); an answer is never lost to a reset by unread input (RFC 9112 section 9.6).
public struct ConnectionMachine: Sendable {
    /// What the driver has to do.
    public enum Action: Sendable, Equatable {
        /// Hand a request to the handler. Answer with ``ConnectionMachine/respond(status:fields:length:)``.
        case serve(RequestHead, BodyFraming)
        /// Answer a request that no handler shall see, in the same way.
        case refuse(HTTPFault)
        /// Give the handler the body bytes that it asked for.
        case deliver([UInt8])
        /// Tell the handler, which asked for bytes, that the body is complete.
        case deliverEnd
        /// Tell the handler, which asked for bytes, that there will be none.
        case deliverFault(HTTPFault)
        /// Send bytes after those sent before.
        case send([UInt8])
        /// When everything sent has left, shut down the sending direction, and keep reading.
        case endOutput
        /// When everything sent has left, close.
        case close
    }

    /// What the connection waits for its peer to do; each has a deadline of its own.
    public enum Waiting: Sendable, Equatable {
        /// Nothing: it is the handler's turn, or the output's.
        case nothing
        /// The first or next head, of which nothing has come, on a connection that has been served already.
        case idle
        /// The rest of a head, or the first byte of a new connection.
        case head
        /// Bytes of a body that is asked for, or being read away.
        case body
        /// The peer's end, after ours.
        case end
    }

    enum Input: Sendable {
        case body(BodyDecoder, isAsked: Bool, owesContinue: Bool)
        case ended
        case broken(HTTPFault)
    }

    enum Output: Sendable {
        case owed
        case streaming(BodyEncoding)
    }

    /// How the bytes of the response body under way are framed.
    enum BodyEncoding: Sendable, Equatable {
        /// The response has no body on the wire: HEAD, 204, 304.
        case suppressed
        case length(remaining: UInt64)
        case chunked
        /// HTTP/1.0 without a known length: the end of the connection is the end of the body.
        case untilClose
    }

    struct Exchange: Sendable {
        var input: Input
        var output: Output
        let method: HTTPRequest.Method
        let version: HTTPVersion
        var keepsAlive: Bool
    }

    enum State: Sendable {
        case awaitingHead(RequestHeadDecoder)
        case exchanging(Exchange)
        case flushing
        case discarding(BodyDecoder, budget: UInt64)
        case lingering
        case closed
    }

    let limits: HTTPLimits
    var state: State
    var buffer = ReceiveBuffer()
    var peerEnded = false
    var isDraining = false
    var served = 0

    /// Creates the machine of a connection that has just been accepted.
    public init(limits: HTTPLimits) {
        self.limits = limits
        state = .awaitingHead(RequestHeadDecoder(limits: limits))
    }

    // MARK: - Questions

    /// Whether the driver should read from the peer.
    public var wantsBytes: Bool {
        guard !peerEnded else { return false }
        return switch state {
        case .awaitingHead, .discarding, .lingering: true
        case .exchanging(let exchange):
            switch exchange.input {
            case .body: buffer.count < limits.maxBodyPieceBytes
            // Reading on shows a reset, which ends useless work, but only as far as a next request may be pipelined.
            case .ended: buffer.count < limits.maxHeadBytes
            case .broken: false
            }
        case .flushing: buffer.count < limits.maxHeadBytes
        case .closed: false
        }
    }

    /// What is waited for.
    public var waiting: Waiting {
        switch state {
        case .awaitingHead(let decoder):
            served > 0 && !decoder.hasBegun && buffer.isEmpty ? .idle : .head
        case .exchanging(let exchange):
            if case .body(_, isAsked: true, _) = exchange.input { .body } else { .nothing }
        case .discarding: .body
        case .lingering: .end
        case .flushing, .closed: .nothing
        }
    }

    /// Whether the response under way has a body on the wire; false also when no response is under way.
    public var wantsResponseBody: Bool {
        guard case .exchanging(let exchange) = state, case .streaming(let encoding) = exchange.output else {
            return false
        }
        return encoding != .suppressed
    }

    /// Whether a request is under way: it was handed out, and its answer has not been given as a whole.
    public var isServing: Bool {
        if case .exchanging = state { true } else { false }
    }

    /// Whether the machine has nothing to do any more.
    public var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// Whether ``outputFlushed()`` is awaited for the next request to be looked at.
    public var awaitsFlush: Bool {
        if case .flushing = state { true } else { false }
    }
}
