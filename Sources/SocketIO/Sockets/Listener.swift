import CLinux
@preconcurrency import Dispatch
import Glibc
public import POSIX

/// Accepts connections on a queue.
///
/// If it is the queue of a ``Shard``, that shard's share of them needs no change of threads.
///
/// When descriptors or memory run out, it pauses accepting for 5 ms, doubled each time up to 1 s,
/// and tries again.
public actor Listener {
    /// What to do after a connection has been accepted.
    public enum Verdict: Sendable {
        /// Accept more.
        case accept
        /// Accept no more until ``Listener/resume()``.
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
    private let onAccept: @Sendable (consuming FileDescriptor, SocketAddress) -> Verdict
    private let onExhaustion: @Sendable (SocketError) -> Void
    /// Whether the socket ends with this listener, and not with whoever has passed it.
    private let isOwn: Bool
    private var life = Life.open
    private var isActive = false
    private var wasActivated = false
    private var isPaused = false
    /// Whether the listener asks for connections by itself, so that the source rests; see ``Poller``.
    private var isBusy = false
    private var restMilliseconds = 0
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []

    /// The bound address, with the port that the system chose.
    public nonisolated let address: SocketAddress

    /// The executor of the listener's queue.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Binds and listens; accepts nothing before ``start()``.
    ///
    /// - Parameters:
    ///   - address: The address to bind.
    ///   - backlog: The most connections that the kernel queues until they are accepted.
    ///   - executor: Its queue.
    ///   - onExhaustion: Called on the listener's queue each time that accepting pauses for lack of
    ///     descriptors or memory.
    ///   - onAccept: Takes each connection, on the listener's queue; must not block.
    /// - Throws: ``SocketError``.
    public init(
        address: SocketAddress,
        backlog: Int32 = 1024,
        on executor: QueueExecutor,
        onExhaustion: @escaping @Sendable (SocketError) -> Void = { _ in },
        onAccept: @escaping @Sendable (consuming FileDescriptor, SocketAddress) -> Verdict
    ) throws(SocketError) {
        let socket = try ListeningSocket.make(on: address, backlog: backlog)
        let bound = try ListeningSocket.address(of: socket) ?? address
        self.init(socket, bound, isOwn: true, on: executor, onExhaustion, onAccept)
    }

    /// Takes over the listening socket passed by systemd; accepts nothing before ``start()``.
    ///
    /// - Parameters:
    ///   - executor: Its queue.
    ///   - onExhaustion: Called on the listener's queue each time that accepting pauses for lack of
    ///     descriptors or memory.
    ///   - onAccept: Takes each connection, on the listener's queue; must not block.
    /// - Throws: ``SocketError`` if there is not exactly one.
    public init(
        inheritingOn executor: QueueExecutor,
        onExhaustion: @escaping @Sendable (SocketError) -> Void,
        onAccept: @escaping @Sendable (consuming FileDescriptor, SocketAddress) -> Verdict
    ) throws(SocketError) {
        let socket = try ListeningSocket.inherited()
        guard let address = try ListeningSocket.address(of: socket) else {
            throw SocketError(operation: "socket activation", number: EAFNOSUPPORT)
        }
        self.init(socket, address, isOwn: false, on: executor, onExhaustion, onAccept)
    }

    private init(
        _ socket: consuming FileDescriptor,
        _ address: SocketAddress,
        isOwn: Bool,
        on executor: QueueExecutor,
        _ onExhaustion: @escaping @Sendable (SocketError) -> Void,
        _ onAccept: @escaping @Sendable (consuming FileDescriptor, SocketAddress) -> Verdict
    ) {
        self.address = address
        self.isOwn = isOwn
        self.onAccept = onAccept
        self.onExhaustion = onExhaustion
        self.executor = executor
        descriptor = socket.release()
        // The connections inherit it.
        _ = clinux_no_delay(descriptor)
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: executor.queue)
    }

    deinit {
        // The handlers of a started listener's source keep it alive until `cancelled()` cleans up.
        // One that was never started is cleaned up here.
        if !wasActivated { Self.discard(source, descriptor: descriptor) }
    }

    /// Starts accepting.
    public func start() {
        guard case .open = life, !wasActivated else { return }
        Self.install(self, on: source)
        wasActivated = true
        isActive = true
        source.activate()
    }

    /// Continues after ``Verdict/pause``.
    public func resume() {
        isPaused = false
        update()
    }

    /// Stops and closes; returns when the port is free.
    public func close() async {
        guard wasActivated else { return }
        await withCheckedContinuation { continuation in
            if case .closed = life { return continuation.resume() }
            // Before the source is cancelled, since that is what ends the wait.
            closeWaiters.append(continuation)
            guard case .open = life else { return }
            life = .closing
            setSource(active: true)
            source.cancel()
        }
    }

    private nonisolated static func discard(_ source: any DispatchSourceRead, descriptor: Int32) {
        source.setCancelHandler { _ = Glibc.close(descriptor) }
        source.activate()
        source.cancel()
    }

    private nonisolated static func install(
        _ listener: Listener,
        on source: any DispatchSourceRead
    ) {
        source.setEventHandler { listener.assumeIsolated { $0.acceptTurn() } }
        source.setCancelHandler { listener.assumeIsolated { $0.cancelled() } }
    }

    private nonisolated static func post(_ listener: Listener) {
        listener.executor.post { listener.assumeIsolated { $0.acceptTurn() } }
    }

    private func acceptTurn() {
        let hadConnections = acceptWaiting()
        if hadConnections { Self.post(self) }
        guard hadConnections != isBusy else { return }
        isBusy = hadConnections
        if hadConnections { source.suspend() } else { source.resume() }
    }

    /// Accepts a batch of connections; returns whether there were any.
    private func acceptWaiting() -> Bool {
        var hadConnections = false
        for _ in 0..<Self.acceptsPerTurn {
            guard case .open = life, isActive else { break }
            var raw = clinux_address()
            let number = clinux_accept(descriptor, &raw)
            let error = errno
            guard number >= 0 else {
                switch error {
                case EAGAIN: return hadConnections
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    // The kernel allocates a descriptor before it looks for a connection, so this
                    // is a problem only if a connection is waiting.
                    if hasWaitingConnection { rest(after: error) }
                    return hadConnections
                // EINTR, ECONNABORTED and the network errors of accept(2) concern only that
                // connection.
                default: continue
                }
            }
            restMilliseconds = 0
            hadConnections = true
            let socket = FileDescriptor(owning: number)
            // Peers of a Unix-domain socket have no address.
            let peer = SocketAddress(raw) ?? address
            if case .pause = onAccept(socket, peer) {
                isPaused = true
                update()
            }
        }
        return hadConnections
    }

    private var hasWaitingConnection: Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) > 0
    }

    private func rest(after number: Int32) {
        restMilliseconds = min(max(restMilliseconds * 2, Self.firstRest), Self.longestRest)
        onExhaustion(SocketError(operation: "accept", number: number))
        setSource(active: false)
        Self.wake(self, on: executor.queue, afterMilliseconds: restMilliseconds)
    }

    private nonisolated static func wake(
        _ listener: Listener,
        on queue: DispatchQueue,
        afterMilliseconds delay: Int
    ) {
        queue.asyncAfter(deadline: .now() + .milliseconds(delay)) {
            listener.assumeIsolated { $0.update() }
        }
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
        // Shut down explicitly: a child being forked may still hold a copy of this descriptor,
        // which would keep the socket listening. A socket of systemd must go on listening for the
        // next process; a shutdown would end it for systemd, too.
        if isOwn { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
        _ = Glibc.close(descriptor)
        if isOwn, case .unix(let path) = address { _ = try? FileSystem.unlink(path) }
        for waiter in closeWaiters { waiter.resume() }
        closeWaiters = []
    }
}
