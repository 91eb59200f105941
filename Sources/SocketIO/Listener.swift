import CLinux
@preconcurrency import Dispatch
import Glibc

/// Accepts TCP connections on a queue of its own.
///
/// Running out of descriptors or memory is not the end: accepting rests for 5 ms, then twice as long up to 1 s, and goes on.
public actor Listener {
    /// What to do after a connection has been taken.
    public enum Verdict: Sendable {
        /// Go on.
        case accept
        /// Take no more until ``Listener/resume()``.
        case pause
    }

    private enum Life {
        case open
        case closing
        case closed
    }

    private static let acceptsPerTurn = 64
    private static let firstRest = 5
    private static let longestRest = 1000

    private nonisolated let executor: QueueExecutor
    private let descriptor: Int32
    private let source: any DispatchSourceRead
    private let onAccept: @Sendable (consuming Descriptor, SocketAddress) -> Verdict
    private let onExhaustion: @Sendable (SocketError) -> Void
    private var life = Life.open
    private var isActive = false
    private var wasActivated = false
    private var isPaused = false
    private var restMilliseconds = 0
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []

    /// The address that is listened on, with the port that the system chose.
    public nonisolated let address: SocketAddress

    /// The executor of the listener's queue.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Binds and listens; nothing is accepted before ``start()``.
    ///
    /// - Parameters:
    ///   - address: The address to bind.
    ///   - backlog: Connections that the kernel holds before they are accepted.
    ///   - onExhaustion: Told once each time that accepting has to rest, on the listener's queue.
    ///   - onAccept: Takes each connection, on the listener's queue; must not block.
    /// - Throws: ``SocketError``.
    public init(
        address: SocketAddress,
        backlog: Int32 = 1024,
        onExhaustion: @escaping @Sendable (SocketError) -> Void = { _ in },
        onAccept: @escaping @Sendable (consuming Descriptor, SocketAddress) -> Verdict
    ) throws(SocketError) {
        let socket = try Self.listen(on: address, backlog: backlog)
        self.address = try Self.boundAddress(of: socket) ?? address
        self.onAccept = onAccept
        self.onExhaustion = onExhaustion
        executor = QueueExecutor(label: "palimpsest.listener")
        descriptor = socket.release()
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: executor.queue)
    }

    deinit {
        // A started listener is held by its source's handlers and ends in `cancelled()`; one that never was ends here.
        if !wasActivated { Self.discard(source, descriptor: descriptor) }
    }

    /// Begins to accept.
    public func start() {
        guard case .open = life, !wasActivated else { return }
        Self.install(self, on: source)
        wasActivated = true
        isActive = true
        source.activate()
    }

    /// Goes on after a verdict of ``Verdict/pause``.
    public func resume() {
        isPaused = false
        update()
    }

    /// Stops and closes; returns when the port is free.
    public func close() async {
        if case .open = life {
            guard wasActivated else { return }
            life = .closing
            setSource(active: true)
            source.cancel()
        }
        if case .closed = life { return }
        await withCheckedContinuation { closeWaiters.append($0) }
    }

    private static func listen(on address: SocketAddress, backlog: Int32) throws(SocketError) -> Descriptor {
        var raw = try address.raw()
        let socket = Descriptor(owning: try check("socket", clinux_socket_tcp(&raw)))
        try check("setsockopt", clinux_reuse_address(socket.number))
        try check("bind", clinux_bind(socket.number, &raw))
        try check("listen", Glibc.listen(socket.number, backlog))
        return socket
    }

    private static func boundAddress(of socket: borrowing Descriptor) throws(SocketError) -> SocketAddress? {
        var raw = clinux_address()
        try check("getsockname", clinux_local_address(socket.number, &raw))
        return SocketAddress(raw)
    }

    @discardableResult
    private static func check(_ operation: String, _ result: Int32) throws(SocketError) -> Int32 {
        let number = errno
        guard result >= 0 else { throw SocketError(operation: operation, number: number) }
        return result
    }

    private nonisolated static func discard(_ source: any DispatchSourceRead, descriptor: Int32) {
        source.setCancelHandler { _ = Glibc.close(descriptor) }
        source.activate()
        source.cancel()
    }

    private nonisolated static func install(_ listener: Listener, on source: any DispatchSourceRead) {
        source.setEventHandler { listener.assumeIsolated { $0.acceptTurn() } }
        source.setCancelHandler { listener.assumeIsolated { $0.cancelled() } }
    }

    private func acceptTurn() {
        for _ in 0..<Self.acceptsPerTurn {
            guard case .open = life, isActive else { return }
            var raw = clinux_address()
            let number = clinux_accept(descriptor, &raw)
            let error = errno
            guard number >= 0 else {
                switch error {
                case EAGAIN: return
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: return rest(after: error)
                // EINTR, ECONNABORTED, and the network errors that accept passes on: that connection's bad luck.
                default: continue
                }
            }
            restMilliseconds = 0
            let socket = Descriptor(owning: number)
            guard let peer = SocketAddress(raw) else { continue }
            if case .pause = onAccept(socket, peer) {
                isPaused = true
                update()
            }
        }
    }

    private func rest(after number: Int32) {
        restMilliseconds = min(max(restMilliseconds * 2, Self.firstRest), Self.longestRest)
        onExhaustion(SocketError(operation: "accept", number: number))
        setSource(active: false)
        Self.wake(self, on: executor.queue, afterMilliseconds: restMilliseconds)
    }

    private nonisolated static func wake(_ listener: Listener, on queue: DispatchQueue, afterMilliseconds delay: Int) {
        queue.asyncAfter(deadline: .now() + .milliseconds(delay)) { listener.assumeIsolated { $0.update() } }
    }

    private func update() {
        guard case .open = life, wasActivated else { return }
        setSource(active: !isPaused)
    }

    private func setSource(active: Bool) {
        guard active != isActive else { return }
        isActive = active
        if active { source.resume() } else { source.suspend() }
    }

    private func cancelled() {
        life = .closed
        // Also ends listening in a child that is being forked right now and has not closed its copy yet.
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
        _ = Glibc.close(descriptor)
        for waiter in closeWaiters { waiter.resume() }
        closeWaiters = []
    }
}
