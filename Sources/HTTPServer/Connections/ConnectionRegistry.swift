import SocketIO
import Synchronization

/// The registry of a server's connections.
///
/// It picks the connections to evict for others and tracks who waits until all are gone.
final class ConnectionRegistry: Sendable {
    /// The decision on a new connection.
    struct Admission {
        /// Whether the connection is beyond ``HTTPServerConfiguration/maxConnections``.
        let isOnReserve: Bool
        /// The connection to evict for it.
        let victim: HTTPConnection?
    }

    private struct Entry {
        let connection: HTTPConnection
        var isOnReserve: Bool
        var standing = ConnectionStanding.arriving
        /// When the standing began; a counter that only grows.
        var since: UInt64
        /// Whether the connection has been told to close.
        var isVictim = false

        mutating func note(_ standing: ConnectionStanding, since: UInt64) {
            self.standing = standing
            self.since = since
        }
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var ordinaryCount = 0
        var countByNetwork: [[UInt8]: Int] = [:]
        var lastChange: UInt64 = 0
        var isAcceptingPaused = false
        var emptyWaiters: [CheckedContinuation<Void, Never>] = []

        mutating func takeVictim() -> Entry? {
            let candidates = entries.values.lazy.filter { $0.standing < .serving && !$0.isVictim }
            let victim = candidates.min { ($0.standing, $0.since) < ($1.standing, $1.since) }
            guard let victim else { return nil }
            entries[victim.connection.id]?.isVictim = true
            // The slot is free from now on, the descriptor a moment later.
            if !victim.isOnReserve { ordinaryCount -= 1 }
            return victim
        }
    }

    private let state = Mutex(State())
    private let maxConnections: Int
    private let reservedConnections: Int
    private let maxConnectionsPerAddress: Int
    private let unboundedPeers: [AddressBlock]

    init(_ configuration: HTTPServerConfiguration) {
        maxConnections = configuration.maxConnections
        reservedConnections = configuration.reservedConnections
        maxConnectionsPerAddress = configuration.maxConnectionsPerAddress ?? .max
        unboundedPeers = configuration.unboundedPeers
    }

    var count: Int { state.withLock { $0.entries.count } }

    var all: [HTTPConnection] { state.withLock { $0.entries.values.map(\.connection) } }

    /// Whether a peer has connections left in its share.
    func admits(peer: String) -> Bool {
        guard !unboundedPeers.contains(where: { $0.contains(peer) }) else { return true }
        return state.withLock {
            $0.countByNetwork[AddressBlock.network(of: peer), default: 0] < maxConnectionsPerAddress
        }
    }

    /// Finds a slot for the next connection.
    func admit() -> Admission {
        state.withLock { state in
            guard state.ordinaryCount >= maxConnections else {
                return Admission(isOnReserve: false, victim: nil)
            }
            let victim = state.takeVictim()
            return Admission(isOnReserve: victim?.isOnReserve ?? true, victim: victim?.connection)
        }
    }

    /// Adds an admitted connection.
    ///
    /// - Returns: Whether the server is now full, so that accepting must pause.
    func add(_ connection: HTTPConnection, isOnReserve: Bool) -> Bool {
        let network = AddressBlock.network(of: connection.peer)
        return state.withLock { state in
            state.lastChange += 1
            state.entries[connection.id] = Entry(
                connection: connection,
                isOnReserve: isOnReserve,
                since: state.lastChange
            )
            if !isOnReserve { state.ordinaryCount += 1 }
            state.countByNetwork[network, default: 0] += 1
            guard state.entries.count >= maxConnections + reservedConnections else { return false }
            state.isAcceptingPaused = true
            return true
        }
    }

    /// Records what a connection is doing now.
    ///
    /// - Returns: A connection to evict, if others are waiting for a slot.
    func note(_ standing: ConnectionStanding, of connection: HTTPConnection) -> HTTPConnection? {
        state.withLock { state in
            state.lastChange += 1
            state.entries[connection.id]?.note(standing, since: state.lastChange)
            guard state.isAcceptingPaused, standing < .serving else { return nil }
            return state.takeVictim()?.connection
        }
    }

    /// Makes a reserve connection an ordinary one if there is room.
    ///
    /// - Returns: Whether the connection is ordinary.
    func promote(_ connection: HTTPConnection) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[connection.id], entry.isOnReserve else { return true }
            guard state.ordinaryCount < maxConnections, !entry.isVictim else { return false }
            state.entries[connection.id]?.isOnReserve = false
            state.ordinaryCount += 1
            return true
        }
    }

    /// Picks a connection to evict for its descriptor.
    func takeVictim() -> HTTPConnection? {
        state.withLock { $0.takeVictim()?.connection }
    }

    /// Records that a connection picked for eviction has a request under way after all.
    func spare(_ connection: HTTPConnection) {
        state.withLock { state in
            guard let entry = state.entries[connection.id], entry.isVictim else { return }
            state.entries[connection.id]?.isVictim = false
            // For a moment the count may exceed the limit by one.
            if !entry.isOnReserve { state.ordinaryCount += 1 }
        }
    }

    /// Removes a connection.
    ///
    /// - Returns: Whether accepting must be resumed.
    func remove(_ connection: HTTPConnection) -> Bool {
        let network = AddressBlock.network(of: connection.peer)
        let (resumes, waiters) = state.withLock {
            state -> (Bool, [CheckedContinuation<Void, Never>]) in
            guard let entry = state.entries.removeValue(forKey: connection.id) else {
                return (false, [])
            }
            if !entry.isOnReserve, !entry.isVictim { state.ordinaryCount -= 1 }
            let count = state.countByNetwork[network, default: 1] - 1
            state.countByNetwork[network] = count == 0 ? nil : count
            let resumes = state.isAcceptingPaused
            state.isAcceptingPaused = false
            guard state.entries.isEmpty else { return (resumes, []) }
            defer { state.emptyWaiters = [] }
            return (resumes, state.emptyWaiters)
        }
        for waiter in waiters { waiter.resume() }
        return resumes
    }

    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.entries.isEmpty { state.emptyWaiters.append(continuation) }
                return state.entries.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
