import Synchronization

/// How far the service is on its way to its end, for those who answer requests.
final class Lifecycle: Sendable {
    private let leaving = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    /// Whether the service wants new requests; without them it still answers those that come.
    var isReady: Bool { !leaving.load(ordering: .acquiring) }

    /// Whether the service is ending.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Notes that balancers should look for another service.
    func startLeaving() {
        leaving.store(true, ordering: .releasing)
    }

    /// Notes that what is under way is the last.
    func startDraining() {
        startLeaving()
        draining.store(true, ordering: .releasing)
    }
}
