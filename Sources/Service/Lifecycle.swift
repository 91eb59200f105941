import Synchronization

/// Whether the service takes requests, for those who answer them.
final class Lifecycle: Sendable {
    private let draining = Atomic<Bool>(false)

    /// Whether the service was told to stop.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Notes that the service was told to stop.
    func startDraining() {
        draining.store(true, ordering: .releasing)
    }
}
