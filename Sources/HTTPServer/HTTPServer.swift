import Glibc
import HTTPTypes
public import Logging
import POSIX
public import SocketIO
import Synchronization

/// An HTTP/1.1 server on Dispatch sockets.
///
///     let configuration = HTTPServerConfiguration()
///     let server = HTTPServer(configuration: configuration, logger: logger) { request in
///         ServerResponse(status: .ok, body: .bytes(Array("Hello\n".utf8)))
///     }
///     let address = try await server.start()
///     …
///     await server.drain(grace: .seconds(30))
///
/// Each connection is an actor on one of a few serial queues. Each request runs its handler in its
/// own task, which is cancelled when the peer disconnects. The handler must not block its thread.
public final class HTTPServer: Sendable {
    /// Answers a request.
    ///
    /// It cannot throw: the caller decides what a failure looks like.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    /// Tells what will answer a request.
    public typealias Routing = @Sendable (ServerRequest) -> RouteSummary

    /// Receives the outcome of each request on the connection's queue; must not block.
    public typealias Observer = @Sendable (RequestRecord) -> Void

    /// Returns the form in which a path is logged, since its segments may hold text unfit for a
    /// log.
    public typealias LoggedPath = @Sendable (String) -> String

    private struct State {
        var listener: Listener?
        /// The context for new connections; open ones keep the context they began with.
        var tls: TLSContext?
        var nextIdentifier: UInt64 = 0
    }

    private let configuration: HTTPServerConfiguration
    private let context: ConnectionContext
    private let state = Mutex(State())

    /// Creates a server; nothing is opened before ``start()``.
    ///
    /// - Parameters:
    ///   - configuration: Address, limits and timeouts.
    ///   - logger: Receives one `info` line per request, and warnings.
    ///   - observer: Receives each request's outcome, for metrics.
    ///   - loggedPath: Returns the logged form of a request's path; by default the path itself.
    ///   - routing: Tells what will answer a request; by default nothing is known of it.
    ///   - handler: Answers the requests.
    public init(
        configuration: HTTPServerConfiguration,
        logger: Logger,
        observer: @escaping Observer = { _ in },
        loggedPath: @escaping LoggedPath = { $0 },
        routing: @escaping Routing = { _ in RouteSummary() },
        handler: @escaping Handler
    ) {
        self.configuration = configuration
        context = ConnectionContext(
            limits: configuration.limits,
            timeouts: configuration.timeouts,
            logger: logger,
            handler: handler,
            route: routing,
            observer: observer,
            loggedPath: loggedPath,
            registry: ConnectionRegistry(configuration),
            trust: ProxyTrust(proxies: configuration.trustedProxies),
            defaultFields: DefaultFields(configuration.defaultFields)
        )
    }

    /// The number of open connections.
    public var connectionCount: Int { context.registry.count }

    /// Binds, listens and begins to serve.
    ///
    /// From then on the whole process ignores SIGPIPE.
    ///
    /// - Returns: The bound address, with the port that the system chose.
    /// - Throws: `SocketError` if the address cannot be bound, `TLSError` if a TLS file cannot be
    ///   used.
    public func start() async throws -> SocketAddress {
        signal(SIGPIPE, SIG_IGN)
        try reloadTLS()
        let listener = try makeListener()
        state.withLock { $0.listener = listener }
        await listener.start()
        return listener.address
    }

    /// Rereads the TLS files for new connections; does nothing without TLS.
    ///
    /// - Returns: Whether TLS is configured.
    /// - Throws: `TLSError` if a file cannot be used; the previous files stay in use.
    @discardableResult
    public func reloadTLS() throws(TLSError) -> Bool {
        guard let files = configuration.tls else { return false }
        let context = try TLSContext(files)
        state.withLock { $0.tls = context }
        return true
    }

    /// How long the answers to requests with incomplete bodies may take to be sent.
    private static let lastAnswers: Duration = .milliseconds(500)

    /// Stops gracefully within `grace`.
    ///
    /// Closes the listener and the idle connections, lets running requests finish for `grace`, then
    /// answers those whose bodies are still incomplete. Cuts off whatever is left.
    public func drain(grace: Duration) async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        await listener?.close()
        for connection in context.registry.all { await connection.beginDraining() }
        let registry = context.registry
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await registry.waitUntilEmpty() }
            group.addTask {
                // The sleep throws only when cancelled, that is when all connections are gone
                // first.
                try? await Task.sleep(for: grace)
                guard !Task.isCancelled else { return }
                for connection in registry.all { await connection.endBody() }
                try? await Task.sleep(for: Self.lastAnswers)
                guard !Task.isCancelled else { return }
                for connection in registry.all { await connection.abandon() }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func makeListener() throws(SocketError) -> Listener {
        let shards = try (0..<max(configuration.shards, 1)).map { index throws(SocketError) in
            try Shard(label: "palimpsest.shard.\(index)")
        }
        let logger = context.logger
        let registry = context.registry
        let onExhaustion: @Sendable (SocketError) -> Void = {
            logger.warning("accepting connections is paused", metadata: ["error": "\($0)"])
            // An idle connection is worth less than its descriptor.
            registry.takeVictim()?.makeRoom()
        }
        let onAccept: @Sendable (consuming FileDescriptor, SocketAddress) -> Listener.Verdict = {
            [self] descriptor, peer in
            accept(descriptor, from: peer, for: shards)
        }
        switch configuration.endpoint {
        case .internet(let host, let port):
            let address = try SocketAddress(host: host, port: port)
            return try Listener(
                address: address,
                on: shards[0].executor,
                onExhaustion: onExhaustion,
                onAccept: onAccept
            )
        case .unix(let path):
            return try Listener(
                address: .unix(path: path),
                on: shards[0].executor,
                onExhaustion: onExhaustion,
                onAccept: onAccept
            )
        case .systemd:
            return try Listener(
                inheritingOn: shards[0].executor,
                onExhaustion: onExhaustion,
                onAccept: onAccept
            )
        }
    }

    /// Admits an accepted connection; runs on the listener's queue.
    private func accept(
        _ descriptor: consuming FileDescriptor,
        from peer: SocketAddress,
        for shards: [Shard]
    ) -> Listener.Verdict {
        // Dropping the descriptor closes it, which is all that a peer beyond its share gets.
        guard context.registry.admits(peer: peer.host) else { return .accept }
        let (identifier, tls) = state.withLock { state in
            state.nextIdentifier += 1
            return (state.nextIdentifier, state.tls)
        }
        var stream: (any ByteStream)?
        if let tls {
            guard let secured = TLSStream(tls, descriptor: descriptor.number) else {
                return .accept
            }
            stream = secured
        }
        let admission = context.registry.admit()
        admission.victim?.makeRoom()
        let connection = HTTPConnection(
            descriptor,
            stream: stream,
            id: identifier,
            peer: peer.host,
            shard: shards[Int(identifier % UInt64(shards.count))],
            context: context,
            isOnReserve: admission.isOnReserve,
            onClose: { [weak self] in self?.resumeAccepting() }
        )
        let isLast = context.registry.add(connection, isOnReserve: admission.isOnReserve)
        connection.open()
        return isLast ? .pause : .accept
    }

    private func resumeAccepting() {
        guard let listener = state.withLock({ $0.listener }) else { return }
        Task { await listener.resume() }
    }
}
