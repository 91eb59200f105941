import CLinux
@preconcurrency import Dispatch
import Glibc

/// What a socket may be ready for.
public struct Readiness: OptionSet, Sendable {
    /// The raw bits.
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There may be something to read.
    public static let readable = Readiness(rawValue: 1)
    /// There may be room to write.
    public static let writable = Readiness(rawValue: 2)
    /// The peer has ended its direction, or the connection is broken; earlier bytes may still be
    /// unread.
    public static let ended = Readiness(rawValue: 4)
}

/// Reports the readiness of a ``Shard``'s sockets, with one epoll instance watched by one Dispatch
/// source.
///
/// One Dispatch source per socket would be the obvious design. But at thousands of connections a
/// second, libdispatch on Linux sometimes uses the record of a source after freeing it
/// (swift-corelibs-libdispatch issue 949), which crashes the process. Here a token that is never
/// reused identifies each socket, so a late event finds no owner.
///
/// A source costs a change of threads for each event. So while there are events, the poller asks
/// again by itself, behind the work that they have put on the queue, and the source rests.
public actor Poller {
    /// A socket's registration.
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
    /// Whether the poller asks by itself, so that the source is suspended.
    private var isBusy = false

    /// The executor of the shard's queue.
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
        // Releasing a suspended source crashes the process.
        if isBusy { source.resume() }
        source.cancel()
    }

    /// Starts reporting, edge-triggered, when an owner's socket becomes readable.
    ///
    /// The poller keeps the owner alive until ``remove(_:)``.
    ///
    /// - Returns: The socket's registration, or why it failed.
    func add(_ descriptor: Int32, of owner: some SocketOwner) -> Result<Token, SocketError> {
        lastNumber += 1
        guard clinux_epoll_add(epoll, descriptor, lastNumber) == 0 else {
            return .failure(SocketError(operation: "epoll_ctl", number: errno))
        }
        owners[lastNumber] = owner
        return .success(Token(number: lastNumber, descriptor: descriptor))
    }

    /// Also reports when the socket becomes writable, and at once if it is.
    ///
    /// Most sockets never need this, because they take all output at once.
    func addOutput(_ token: Token) {
        // This fails only for a descriptor that was not added.
        _ = clinux_epoll_add_output(epoll, token.descriptor, token.number)
    }

    /// Removes a socket, whose descriptor must still be open.
    func remove(_ token: Token) {
        // Remove explicitly: a child being forked may still hold a copy of this descriptor, so
        // closing it would not remove it.
        _ = clinux_epoll_remove(epoll, token.descriptor)
        owners[token.number] = nil
    }

    private nonisolated static func install(_ poller: Poller, on source: any DispatchSourceRead) {
        source.setEventHandler { [weak poller] in poller?.assumeIsolated { $0.takeTurn() } }
    }

    private nonisolated static func post(_ poller: Poller) {
        poller.executor.post { [weak poller] in poller?.assumeIsolated { $0.takeTurn() } }
    }

    private func takeTurn() {
        let hadEvents = passEvents()
        if hadEvents { Self.post(self) }
        guard hadEvents != isBusy else { return }
        isBusy = hadEvents
        if hadEvents { source.suspend() } else { source.resume() }
    }

    /// Passes on a batch of events; returns whether there were any.
    private func passEvents() -> Bool {
        withUnsafeTemporaryAllocation(of: clinux_readiness.self, capacity: Self.eventsPerTurn) {
            events in
            let count = Int(clinux_epoll_take(epoll, events.baseAddress, Int32(events.count)))
            guard count > 0 else { return false }
            for event in events[..<count] {
                // An earlier event of this turn may have removed the owner.
                owners[event.token]?.pass(Readiness(event))
            }
            return true
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
