import HTTPTypes

/// One HTTP/1.1 connection as seen from the server, without any I/O: events in, actions out.
///
/// The driver reports events (bytes received, peer ended, handler asks or answers, output flushed,
/// deadline passed) and carries out the returned actions in order. It reads from the peer only
/// while ``wantsBytes`` holds, which is the entire back-pressure, and enforces the deadline that
/// ``waiting`` names.
///
///                     ┌─────────────── next request (kept alive, output flushed) ─────────────┐
///                     ▼                                                                     │
///     awaitingHead ──head──▶ exchanging ──answered, body complete──▶ flushing ──────────────┤
///         │  │                 │      └──answered, body unread but short──▶ discarding ─────┘
///         │  └─malformed─▶ exchanging (input broken, answer owed)               │
///         │                    │                                                │ too much, fault
///         │                    ├──answered, connection not kept──▶ lingering ◀──┘
///         │                    │                                      │
///         │                    └──answered, peer's last request──┐    │
///         └────── peer ended, idle too long, draining ──▶ closed ◀────┘ peer ended, time up
///
/// Inside `exchanging`, input and output advance independently:
///
///     input:   body ──end──▶ ended
///                 └─fault, peer ended, time up─▶ broken
///     output:  owed ──head──▶ streaming ──end──▶ (leaves `exchanging`)
///
/// Guarantees:
///
/// - Requests are handed out one at a time and in order (RFC 9112 section 9.3.2).
/// - After a framing fault, no further byte is interpreted.
/// - `100 Continue` is sent only when the handler asks for a body that has not begun to arrive
///   (RFC 9110 section 10.1.1).
/// - A response is never lost to a reset caused by unread input (RFC 9112 section 9.6).
public struct ConnectionMachine: Sendable {
    /// What the driver must do.
    public enum Action: Sendable, Equatable {
        /// Hand a request to the handler, and answer with
        /// ``ConnectionMachine/respond(status:fields:length:)``.
        case serve(RequestHead, BodyFraming)
        /// Answer, in the same way, a request that no handler may see.
        case refuse(HTTPFault)
        /// Give the handler the body bytes it asked for.
        case deliver([UInt8])
        /// Tell the handler, which asked for bytes, that the body is complete.
        case deliverEnd
        /// Tell the handler, which asked for bytes, that none will come.
        case deliverFault(HTTPFault)
        /// Send these bytes after all earlier ones.
        case send([UInt8])
        /// Once all output is flushed, shut down the sending direction but keep reading.
        case endOutput
        /// Once all output is flushed, close.
        case close
    }

    /// What the connection waits for its peer to do; each case has its own deadline.
    public enum Waiting: Sendable, Equatable {
        /// Nothing: the handler or the output is next.
        case nothing
        /// The next head, none of which has arrived, on a connection that has already served a
        /// request.
        case idle
        /// The rest of a head, or the first byte of a new connection.
        case head
        /// Body bytes that the handler has asked for or that are being discarded.
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

    /// How the current response body is framed.
    enum BodyEncoding: Sendable, Equatable {
        /// The response has no body on the wire: HEAD, 204, 304.
        case suppressed
        case length(remaining: UInt64)
        case chunked
        /// HTTP/1.0 without a known length: the end of the connection ends the body.
        case untilClose
    }

    struct Exchange: Sendable {
        var input: Input
        var output: Output
        let method: HTTPRequest.Method
        let version: HTTPVersion
        /// Whether the peer has said that this is its last request.
        let isLast: Bool
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

    /// Creates the machine for a newly accepted connection.
    public init(limits: HTTPLimits) {
        self.limits = limits
        state = .awaitingHead(RequestHeadDecoder(limits: limits))
    }

    // MARK: - State queries

    /// Whether the driver should read from the peer.
    public var wantsBytes: Bool {
        guard !peerEnded else { return false }
        return switch state {
        case .awaitingHead, .discarding, .lingering: true
        case .exchanging(let exchange):
            switch exchange.input {
            case .body: buffer.count < limits.maxBodyPieceBytes
            // Reading on detects a reset, which ends useless work. Read no further than a pipelined
            // request may reach.
            case .ended: buffer.count < limits.maxHeadBytes
            case .broken: false
            }
        case .flushing: buffer.count < limits.maxHeadBytes
        case .closed: false
        }
    }

    /// How many bytes must arrive before the machine can do anything with them.
    public var awaitedBytes: Int {
        guard case .exchanging(let exchange) = state, case .body(let decoder, _, _) = exchange.input
        else { return 1 }
        return decoder.awaitedBytes(buffered: buffer.count)
    }

    /// What the connection waits for.
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

    /// Whether the current response has a body on the wire; false if no response is under way.
    public var wantsResponseBody: Bool {
        guard case .exchanging(let exchange) = state,
            case .streaming(let encoding) = exchange.output
        else {
            return false
        }
        return encoding != .suppressed
    }

    /// Whether a request is under way: handed out, but not yet fully answered.
    public var isServing: Bool {
        if case .exchanging = state { true } else { false }
    }

    /// Whether the machine has nothing left to do.
    public var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// Whether the machine needs ``outputFlushed()`` before it examines the next request.
    public var awaitsFlush: Bool {
        if case .flushing = state { true } else { false }
    }
}
