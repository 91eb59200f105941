public import HTTPTypes
public import HTTPWire
public import SocketIO

/// How long a peer may take for each of its turns.
public struct HTTPTimeouts: Sendable, Equatable {
    /// For a whole request head, from its first byte; also for the first byte of a new connection.
    public var head: Duration
    /// Between two requests of a connection.
    public var idle: Duration
    /// For body bytes that do not come: what a peer is granted on top of its rate.
    public var bodyGrace: Duration
    /// The rate below which a body is too slow, on the average and counting only the time in which bytes are waited for.
    public var minimumBodyBytesPerSecond: UInt64
    /// The longest silence within a body, however fast it was before.
    public var bodyStall: Duration
    /// Without any byte of the response being acknowledged by the peer.
    public var write: Duration
    /// What a reader may earn on top of that by what it has taken before.
    public var readerCredit: Duration
    /// The rate at which a reader earns as much time as it takes.
    public var readerCreditBytesPerSecond: UInt64
    /// Without any byte of the response being acknowledged while the server drains, so that a stalled reader does not use up the grace.
    public var writeWhenDraining: Duration
    /// For the peer's end after ours.
    public var linger: Duration
    /// For the first byte of a connection that is new when the server begins to drain.
    public var newConnectionWhenDraining: Duration

    /// Creates the timeouts; every parameter has the project's default.
    public init(
        head: Duration = .seconds(10),
        idle: Duration = .seconds(30),
        bodyGrace: Duration = .seconds(10),
        minimumBodyBytesPerSecond: UInt64 = 1024,
        bodyStall: Duration = .seconds(30),
        write: Duration = .seconds(30),
        readerCredit: Duration = .seconds(420),
        readerCreditBytesPerSecond: UInt64 = 4096,
        writeWhenDraining: Duration = .seconds(5),
        linger: Duration = .seconds(2),
        newConnectionWhenDraining: Duration = .seconds(5)
    ) {
        self.head = head
        self.idle = idle
        self.bodyGrace = bodyGrace
        self.minimumBodyBytesPerSecond = minimumBodyBytesPerSecond
        self.bodyStall = bodyStall
        self.write = write
        self.readerCredit = readerCredit
        self.readerCreditBytesPerSecond = readerCreditBytesPerSecond
        self.writeWhenDraining = writeWhenDraining
        self.linger = linger
        self.newConnectionWhenDraining = newConnectionWhenDraining
    }
}

/// Everything that an ``HTTPServer`` can be told.
public struct HTTPServerConfiguration: Sendable, Equatable {
    /// Where to listen.
    public var endpoint: HTTPEndpoint
    /// The proxies whose word on the client's address is taken.
    public var trustedProxies: [AddressBlock]
    /// The files of TLS; `nil` for plain HTTP.
    public var tls: TLSConfiguration?
    /// The bounds of requests.
    public var limits: HTTPLimits
    /// The bounds of time.
    public var timeouts: HTTPTimeouts
    /// Connections at once; beyond them those are closed that have no request under way, the longest idle first.
    public var maxConnections: Int
    /// Connections beyond ``maxConnections`` while all of those have requests under way; beyond them the kernel's backlog waits.
    ///
    /// Their requests are marked as ``ServerRequest/isOnReserve``, and their connections closed after them.
    public var reservedConnections: Int
    /// Connections at once of one peer address, an IPv6 one with its neighbours of a /64; beyond them a connection is closed unanswered.
    ///
    /// `nil` for no bound.
    public var maxConnectionsPerAddress: Int?
    /// Those for whom that bound does not hold, such as proxies, through which others speak.
    public var unboundedPeers: [AddressBlock]
    /// Fields of every response, the server's own refusals among them, that does not have its own.
    public var standingFields: HTTPFields
    /// Serial queues over which the connections are spread.
    public var shards: Int

    /// Creates a configuration; every parameter has the project's default.
    public init(
        endpoint: HTTPEndpoint = .internet(address: "127.0.0.1", port: 0),
        trustedProxies: [AddressBlock] = [],
        tls: TLSConfiguration? = nil,
        limits: HTTPLimits = HTTPLimits(),
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        maxConnections: Int = 1024,
        reservedConnections: Int = 16,
        maxConnectionsPerAddress: Int? = nil,
        unboundedPeers: [AddressBlock] = [],
        standingFields: HTTPFields = [:],
        shards: Int = 2
    ) {
        self.endpoint = endpoint
        self.trustedProxies = trustedProxies
        self.tls = tls
        self.limits = limits
        self.timeouts = timeouts
        self.maxConnections = maxConnections
        self.reservedConnections = reservedConnections
        self.maxConnectionsPerAddress = maxConnectionsPerAddress
        self.unboundedPeers = unboundedPeers
        self.standingFields = standingFields
        self.shards = shards
    }
}
