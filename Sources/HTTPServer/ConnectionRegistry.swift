import SocketIO
import Synchronization

/// The connections of a server, and who waits for them to be gone.
final class ConnectionRegistry: Sendable {
    /// What becomes of a connection that was just accepted.
    enum Admission {
        case admitted
        /// Admitted, and the last for now: stop accepting.
        case admittedAsLast
    }

    private struct State {
        var connections: [UInt64: HTTPConnection] = [:]
        var countByNetwork: [[UInt8]: Int] = [:]
        var isAcceptingPaused = false
        var emptyWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let maxConnections: Int
    private let maxConnectionsPerAddress: Int
    private let unboundedPeers: [AddressBlock]

    init(_ configuration: HTTPServerConfiguration) {
        maxConnections = configuration.maxConnections
        maxConnectionsPerAddress = configuration.maxConnectionsPerAddress ?? .max
        unboundedPeers = configuration.unboundedPeers
    }

    var count: Int { state.withLock { $0.connections.count } }

    var all: [HTTPConnection] { state.withLock { Array($0.connections.values) } }

    /// Whether a peer has not used up its share.
    func admits(peer: String) -> Bool {
        guard !unboundedPeers.contains(where: { $0.contains(peer) }) else { return true }
        return state.withLock {
            $0.countByNetwork[AddressBlock.network(of: peer), default: 0] < maxConnectionsPerAddress
        }
    }

    func add(_ connection: HTTPConnection) -> Admission {
        let network = AddressBlock.network(of: connection.peer)
        return state.withLock { state in
            state.connections[connection.id] = connection
            state.countByNetwork[network, default: 0] += 1
            guard state.connections.count >= maxConnections else { return .admitted }
            state.isAcceptingPaused = true
            return .admittedAsLast
        }
    }

    /// Forgets a connection.
    ///
    /// - Returns: Whether accepting has to be resumed.
    func remove(_ connection: HTTPConnection) -> Bool {
        let network = AddressBlock.network(of: connection.peer)
        let (resumes, waiters) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            guard state.connections.removeValue(forKey: connection.id) != nil else { return (false, []) }
            let count = state.countByNetwork[network, default: 1] - 1
            state.countByNetwork[network] = count == 0 ? nil : count
            let resumes = state.isAcceptingPaused
            state.isAcceptingPaused = false
            guard state.connections.isEmpty else { return (resumes, []) }
            defer { state.emptyWaiters = [] }
            return (resumes, state.emptyWaiters)
        }
        for waiter in waiters { waiter.resume() }
        return resumes
    }

    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.emptyWaiters.append(continuation) }
                return state.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
