import HTTPTypes
public import HTTPWire

/// A connection machine's handling of a peer's bytes, with every request read whole and answered
/// with 200.
public struct Conversation: Equatable {
    /// One request, or its fault.
    public struct Exchange: Equatable {
        /// The head; `nil` if it was refused.
        public var head: RequestHead?
        /// The body received so far.
        public var body: [UInt8] = []
        /// Whether the body's end was reached.
        public var isComplete = false
        /// The fault that ended it instead.
        public var fault: HTTPFault?
    }

    /// The exchanges, in order.
    public private(set) var exchanges: [Exchange] = []
    /// The bytes sent, without `100 Continue`, which depends on whether a body has begun to arrive.
    public private(set) var sent: [UInt8] = []
    /// Whether the machine had finished when the peer ended.
    public private(set) var isClosed = false

    /// Plays the pieces and then the peer's end.
    ///
    /// - Throws: ``ResponseMisuse`` if the machine rejects an answer that it asked for.
    public init(of pieces: [[UInt8]], limits: HTTPLimits) throws {
        var machine = ConnectionMachine(limits: limits)
        var actions: [ConnectionMachine.Action] = []
        var pending = pieces[...]
        var hasEnded = false
        while true {
            if !actions.isEmpty {
                actions += try play(actions.removeFirst(), on: &machine)
            } else if machine.awaitsFlush {
                actions = machine.outputFlushed()
            } else if let piece = pending.popFirst() {
                actions = machine.received(piece)
            } else if !hasEnded {
                hasEnded = true
                actions = machine.receivedEnd()
            } else {
                break
            }
        }
        isClosed = machine.isClosed
    }

    private mutating func play(
        _ action: ConnectionMachine.Action,
        on machine: inout ConnectionMachine
    ) throws -> [ConnectionMachine.Action] {
        switch action {
        case .serve(let head, _):
            exchanges.append(Exchange(head: head))
            return machine.bodyWanted()
        case .refuse(let fault):
            exchanges.append(Exchange(fault: fault))
            return try Self.answer(&machine)
        case .deliver(let bytes):
            exchanges[exchanges.count - 1].body += bytes
            return machine.bodyWanted()
        case .deliverEnd:
            exchanges[exchanges.count - 1].isComplete = true
            return try Self.answer(&machine)
        case .deliverFault(let fault):
            exchanges[exchanges.count - 1].fault = fault
            return try Self.answer(&machine)
        case .send(let bytes):
            if !bytes.starts(with: Array("HTTP/1.1 100".utf8)) { sent += bytes }
            return []
        case .endOutput, .close:
            return []
        }
    }

    private static func answer(
        _ machine: inout ConnectionMachine
    ) throws -> [ConnectionMachine.Action] {
        try machine.respond(status: .ok, fields: [:], length: .known(2))
            + machine.respondBody(Array("ok".utf8))
            + machine.respondEnd()
    }
}
