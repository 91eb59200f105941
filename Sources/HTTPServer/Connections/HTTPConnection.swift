import HTTPTypes
import HTTPWire
import POSIX
import SocketIO

/// One connection, which drives the ``ConnectionMachine`` with events of the socket and the
/// handler.
///
/// The connection runs entirely on the shard's queue. The handler runs elsewhere and comes back
/// through ``nextPiece(of:)``, ``write(_:of:)`` and ``answer(_:of:)``. Each call names its
/// exchange, so that a body kept beyond its response cannot consume the next request's bytes.
actor HTTPConnection: SocketOwner, DeadlineOwner {
    nonisolated let id: UInt64
    nonisolated let peer: String
    nonisolated let shard: Shard
    nonisolated let context: ConnectionContext
    private nonisolated let onClose: @Sendable () -> Void
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        shard.executor.asUnownedSerialExecutor()
    }

    let socket: StreamSocket
    var machine: ConnectionMachine
    var task: Task<Void, Never>?
    var pull: CheckedContinuation<Result<[UInt8]?, HTTPFault>, Never>?
    var flushWaiter: CheckedContinuation<Void, any Error>?
    var exchange = 0
    var record: RequestRecord?
    var exchangeStart: UInt64 = 0
    var deadlines: ConnectionDeadlines
    private var deadline = UInt64.max
    /// When the clock calls next, at the deadline or before.
    private var nextCall = UInt64.max
    /// Whether the peer has ended its sending direction, which ``clientEnd`` tells the handler.
    private var hasPeerEnded = false
    private(set) var clientEnd = ClientEnd()
    /// The permit of the current response, or of the last one until it has been sent.
    var permit: (any Sendable)?
    private(set) var isOnReserve: Bool
    private var standing = ConnectionStanding.arriving

    init(
        _ descriptor: consuming FileDescriptor,
        stream: sending (any ByteStream)?,
        id: UInt64,
        peer: String,
        shard: Shard,
        context: ConnectionContext,
        isOnReserve: Bool = false,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.isOnReserve = isOnReserve
        self.id = id
        self.peer = peer
        self.shard = shard
        self.context = context
        self.onClose = onClose
        socket = StreamSocket(descriptor, stream: stream, shard: shard)
        machine = ConnectionMachine(limits: context.limits)
        deadlines = ConnectionDeadlines(context.timeouts)
    }

    /// Begins to serve; callable from any queue.
    nonisolated func open() {
        shard.executor.post {
            self.assumeIsolated { connection in
                connection.socket.start(for: connection)
                connection.settle()
            }
        }
    }

    /// Stops accepting further requests.
    func beginDraining() {
        deadlines.isDraining = true
        perform(machine.beginDraining())
    }

    /// Ends the wait for a body that will not arrive in time, so that its request still gets an
    /// answer.
    func endBody() {
        deliver(.failure(.stopping))
    }

    /// Drops the connection at once.
    func abandon() {
        lose()
    }

    /// Makes room for another connection unless a request is now under way; callable from any
    /// queue.
    nonisolated func makeRoom() {
        shard.executor.post {
            self.assumeIsolated { connection in
                guard connection.currentStanding < .serving else {
                    return connection.context.registry.spare(connection)
                }
                connection.perform(connection.machine.giveUp())
                // Pending output must not keep the connection open.
                if connection.socket.isOpen {
                    connection.socket.close(isReset: true, for: connection)
                }
            }
        }
    }

    // MARK: - Socket events

    func socketBecame(_ readiness: Readiness) {
        socket.handle(readiness, for: self)
    }

    func socketReceived(_ bytes: UnsafeRawBufferPointer) {
        deadlines.received(bytes.count)
        perform(machine.received(bytes))
    }

    func socketReceivedEnd() {
        socketPeerEnded()
        perform(machine.receivedEnd())
    }

    func socketPeerEnded() {
        hasPeerEnded = true
        if machine.isServing { clientEnd.end() }
    }

    func socketFlushed() {
        flushWaiter?.resume()
        flushWaiter = nil
        perform(machine.outputFlushed())
    }

    func socketFailed(_ number: Int32) {
        lose()
    }

    func socketClosed() {
        shard.clock.assumeIsolated { $0.remove(self) }
        permit = nil
        clientEnd.end()
        if context.registry.remove(self) { onClose() }
    }

    func deadlinePassed() {
        nextCall = .max
        let now = DeadlineClock.now()
        guard now >= deadline else {
            settle()
            return
        }
        let progress = socket.peerProgress
        if deadlines.isReaderStalled(progress: progress, now: now) {
            lose()
        } else if deadlines.hasWaitExpired(progress: progress, now: now) {
            perform(machine.timedOut())
        }
        settle()
    }

    // MARK: - Machine actions

    /// Carries out actions in order, then flushes the output.
    func perform(_ actions: [ConnectionMachine.Action]) {
        for action in actions {
            switch action {
            case .serve(let head, let framing): serve(head, framing)
            case .refuse(let fault): refuse(fault)
            case .deliver(let bytes): deliver(.success(bytes))
            case .deliverEnd: deliver(.success(nil))
            case .deliverFault(let fault): deliver(.failure(fault))
            case .send(let bytes): socket.send(bytes)
            case .endOutput: socket.endOutputWhenFlushed()
            case .close: socket.closeWhenFlushed()
            }
        }
        socket.flush(for: self)
        settle()
    }

    /// Updates reading and the deadline to match the state.
    func settle() {
        // If output is flushed within the event that produced it, no later event reports that.
        if machine.awaitsFlush, !socket.hasPendingOutput { return perform(machine.outputFlushed()) }
        guard socket.isOpen else { return }
        if !machine.isServing, !socket.hasPendingOutput { permit = nil }
        noteStanding()
        guard socket.isOpen else { return }
        socket.setLowWaterMark(machine.awaitedBytes)
        socket.setReading(machine.wantsBytes, for: self)
        deadline = deadlines.update(
            waiting: machine.waiting,
            hasOutput: socket.hasPendingOutput,
            sentBytes: socket.sentBytes,
            progress: { socket.peerProgress },
            now: DeadlineClock.now()
        )
        // Every request postpones its deadline several times. So the clock learns of a later one
        // only when it calls.
        guard deadline < nextCall else { return }
        nextCall = deadline
        shard.clock.assumeIsolated { [deadline] in $0.set(self, to: deadline) }
    }

    /// Prepares the client state of the request that begins now, and promotes a reserve connection
    /// if there is room.
    func beginClient() {
        permit = nil
        if isOnReserve { isOnReserve = !context.registry.promote(self) }
        clientEnd = ClientEnd()
        if hasPeerEnded { clientEnd.end() }
    }

    private func noteStanding() {
        let now = currentStanding
        guard now != standing else { return }
        standing = now
        context.registry.note(now, of: self)?.makeRoom()
    }

    private var currentStanding: ConnectionStanding {
        if machine.isServing { return .serving }
        switch machine.waiting {
        case .idle: return .idle
        case .head: return .arriving
        case .nothing, .body, .end: break
        }
        guard socket.hasPendingOutput else { return .ending }
        return permit == nil ? .leaving : .serving
    }

    /// Tears down a connection that is broken or not worth keeping, and notifies all waiters.
    func lose() {
        perform(machine.disconnected())
        task?.cancel()
        flushWaiter?.resume(throwing: ConnectionClosed())
        flushWaiter = nil
        socket.close(isReset: true, for: self)
    }
}
