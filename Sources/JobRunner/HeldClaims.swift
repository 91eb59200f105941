import JobModel
import Queue
import Synchronization

/// What the workers of a loop hold at this moment.
final class HeldClaims: Sendable {
    private let claims = Mutex<[WorkerOwner: [ClaimedImage]]>([:])

    /// Everything that is held.
    var all: [ClaimedImage] {
        claims.withLock { $0.values.flatMap { $0 } }
    }

    /// Notes what a worker has claimed, in the place of what it had before.
    func add(_ images: [ClaimedImage], of owner: WorkerOwner) {
        claims.withLock { $0[owner] = images }
    }

    /// Notes that a worker is done with what it had.
    func remove(of owner: WorkerOwner) {
        claims.withLock { $0[owner] = nil }
    }
}
