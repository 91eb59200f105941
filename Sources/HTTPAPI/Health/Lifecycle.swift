import Synchronization

/// How far the shutdown of the service has progressed.
final class Lifecycle: Sendable {
    private let leaving = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    /// Whether the service is ready for new requests; it still answers them when it is not.
    var isReady: Bool { !leaving.load(ordering: .acquiring) }

    /// Whether the service is draining: open requests may finish, uploads are refused.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Makes `/readyz` fail, so that load balancers send requests elsewhere.
    func startLeaving() {
        leaving.store(true, ordering: .releasing)
    }

    /// Begins to drain; implies ``startLeaving()``.
    func startDraining() {
        startLeaving()
        draining.store(true, ordering: .releasing)
    }
}
