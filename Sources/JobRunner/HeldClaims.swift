import JobModel
import Queue
import Synchronization

/// The claims that the workers of a loop hold now.
final class HeldClaims: Sendable {
    private let claims = Mutex<[Int: [ClaimedImage]]>([:])

    /// The claims of all workers.
    var all: [ClaimedImage] {
        claims.withLock { $0.values.flatMap { $0 } }
    }

    /// Replaces a worker's claims.
    func add(_ images: [ClaimedImage], of worker: Int) {
        claims.withLock { $0[worker] = images }
    }

    /// Removes a worker's claims.
    func remove(of worker: Int) {
        claims.withLock { $0[worker] = nil }
    }
}
