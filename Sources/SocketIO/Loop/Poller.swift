import CLinux
@preconcurrency import Dispatch
import Glibc

/// The directions in which an attempt on a socket is worth while.
public struct Readiness: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There may be something to read.
    public static let readable = Readiness(rawValue: 1)
    /// There may be room to write.
    public static let writable = Readiness(rawValue: 2)
    /// The peer has ended its direction, or the connection is broken; bytes that came before may
    /// still be unread.
    public static let ended = Readiness(rawValue: 4)
}

/// Tells the sockets of a ``Shard`` when they are ready: one epoll set, watched by one Dispatch
/// source.
///
/// A Dispatch source a socket would be the obvious way. But where thousands of connections a second
/// come and go, libdispatch on Linux now and then touches the record of a source that it has freed
/// (its issue 949), and the process is gone. Here a socket is known by a token that is never used
/// again, so that an event which comes too late finds nobody.
public actor Poller {
    /// A socket's place in the set.
    struct Token {
        fileprivate let number: UInt64
        fileprivate let descriptor: Int32
    }

    private static let eventsPerTurn = 64

    private nonisolated let executor: QueueExecutor
    private let epoll: Int32
    private let source: any DispatchSourceRead
    private var owners: [UInt64: any SocketOwner] = [:]
    private var lastNumber: UInt64 = 0

    /// The queue's executor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init(executor: QueueExecutor) throws(SocketError) {
        let epoll = clinux_epoll_make()
        guard epoll >= 0 else { throw SocketError(operation: "epoll_create", number: errno) }
        self.executor = executor
        self.epoll = epoll
        let source = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: executor.queue)
        self.source = source
        source.setCancelHandler { _ = Glibc.close(epoll) }
        Self.install(self, on: source)
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// Tells an owner, from now on and as an edge, when its socket becomes readable.
    ///
    /// The owner is kept alive until ``remove(_:)``.
    ///
    /// - Returns: The socket's place, or why the system has none.
    func add(_ descriptor: Int32, of owner: some SocketOwner) -> Result<Token, SocketError> {
        lastNumber += 1
        guard clinux_epoll_add(epoll, descriptor, lastNumber) == 0 else {
            return .failure(SocketError(operation: "epoll_ctl", number: errno))
        }
        owners[lastNumber] = owner
        return .success(Token(number: lastNumber, descriptor: descriptor))
    }

    /// Tells the owner also when its socket becomes writable, beginning with whether it is.
    ///
    /// Most sockets never need it: they take what they are given at once.
    func addOutput(_ token: Token) {
        // Fails only for a descriptor that was not added.
        _ = clinux_epoll_add_output(epoll, token.descriptor, token.number)
    }

    /// Forgets a socket, whose descriptor is still open.
    func remove(_ token: Token) {
        // Closing would not do: a child that is being forked right now may hold a copy.
        _ = clinux_epoll_remove(epoll, token.descriptor)
        owners[token.number] = nil
    }

    private nonisolated static func install(_ poller: Poller, on source: any DispatchSourceRead) {
        source.setEventHandler { [weak poller] in poller?.assumeIsolated { $0.takeTurn() } }
    }

    /// Passes on what is there; what is left makes the source fire again.
    private func takeTurn() {
        withUnsafeTemporaryAllocation(of: clinux_readiness.self, capacity: Self.eventsPerTurn) {
            events in
            let count = Int(clinux_epoll_take(epoll, events.baseAddress, Int32(events.count)))
            guard count > 0 else { return }
            for event in events[..<count] {
                // An owner that an earlier event of this turn has removed is not there any more.
                owners[event.token]?.pass(Readiness(event))
            }
        }
    }
}

extension Readiness {
    fileprivate init(_ event: clinux_readiness) {
        self = []
        if event.readable { insert(.readable) }
        if event.writable { insert(.writable) }
        if event.ended { insert(.ended) }
    }
}

extension SocketOwner {
    /// Enters the owner, which is on the poller's own queue.
    fileprivate nonisolated func pass(_ readiness: Readiness) {
        assumeIsolated { $0.socketBecame(readiness) }
    }
}
