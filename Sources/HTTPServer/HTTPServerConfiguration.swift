public import HTTPTypes
public import HTTPWire
public import SocketIO

/// How long a peer may take for each of its turns.
public struct HTTPTimeouts: Sendable, Equatable {
    /// For a whole request head from its first byte, and for the first byte of a new connection.
    public var head: Duration
    /// Between two requests of a connection.
    public var idle: Duration
    /// For missing body bytes: the allowance on top of the peer's rate.
    public var bodyGrace: Duration
    /// The average rate below which a body is too slow, counting only time spent waiting for bytes.
    public var minimumBodyBytesPerSecond: UInt64
    /// The longest silence within a body, however fast it was before.
    public var bodyStall: Duration
    /// Without the peer acknowledging any byte of the response.
    public var write: Duration
    /// The most that a reader may earn on top of ``write`` by what it has taken before.
    public var readerCredit: Duration
    /// The rate at which one second of reading earns a reader one second.
    public var readerCreditBytesPerSecond: UInt64
    /// As ``write``, while the server drains, so that a stalled reader does not use up the grace.
    public var writeWhenDraining: Duration
    /// For the peer's end after ours.
    public var linger: Duration
    /// For the first byte of a connection that is new when draining begins.
    public var newConnectionWhenDraining: Duration

    /// Creates the timeouts; the defaults are the project's.
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

/// The configuration of an ``HTTPServer``.
public struct HTTPServerConfiguration: Sendable, Equatable {
    /// Where to listen.
    public var endpoint: HTTPEndpoint
    /// The proxies whose statement of the client's address is trusted.
    public var trustedProxies: [AddressBlock]
    /// The TLS files; `nil` for plain HTTP.
    public var tls: TLSConfiguration?
    /// The bounds on requests.
    public var limits: HTTPLimits
    /// The bounds on time.
    public var timeouts: HTTPTimeouts
    /// The maximum number of ordinary connections at once.
    ///
    /// Beyond it, connections without a request under way are closed, the longest idle first.
    public var maxConnections: Int
    /// Connections beyond ``maxConnections`` while all of those have requests under way.
    ///
    /// Their requests are marked as ``ServerRequest/isOnReserve``, and the connections close
    /// afterwards. Beyond them, connections wait in the kernel's backlog.
    public var reservedConnections: Int
    /// Simultaneous connections of one peer address, or of one IPv6 /64; `nil` for no bound.
    ///
    /// A connection beyond the bound is closed unanswered.
    public var maxConnectionsPerAddress: Int?
    /// Peers exempt from that bound, such as proxies that speak for others.
    public var unboundedPeers: [AddressBlock]
    /// Fields added to every response that lacks them, including the server's own refusals.
    public var defaultFields: HTTPFields
    /// The number of serial queues over which connections are spread.
    public var shards: Int

    /// Creates a configuration; the defaults are the project's.
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
        defaultFields: HTTPFields = [:],
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
        self.defaultFields = defaultFields
        self.shards = shards
    }
}
