import Synchronization

/// Tells the first signal from the others.
final class SignalCount: Sendable {
    private let hasCome = Atomic<Bool>(false)

    /// Whether this is the first call.
    func isFirst() -> Bool {
        hasCome.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }
}
