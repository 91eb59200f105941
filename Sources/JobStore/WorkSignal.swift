import Synchronization

/// A moment in the life of a ``JobStore``: work that appeared later is not missed by waiting from here.
public struct WorkMark: Sendable, Equatable {
    let generation: UInt64
}

/// Wakes everyone who waits when something may have become claimable.
///
/// The generation counts the wake-ups, so that one which falls between a look at the database and the wait is not lost.
final class WorkSignal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    var mark: WorkMark {
        WorkMark(generation: state.withLock { $0.generation })
    }

    /// Wakes all.
    func notify() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in waiters.values { continuation.finish() }
    }

    /// Waits for a wake-up after the mark, for the time to pass, or for the task to be cancelled.
    func wait(after mark: WorkMark, atMost timeout: Duration) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let waiter: UInt64? = state.withLock { state in
            guard state.generation == mark.generation else { return nil }
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = continuation
            return state.nextWaiter
        }
        guard let waiter else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in stream {}
            }
            group.addTask {
                // A cancelled sleep ends the wait like one that is over.
                try? await Task.sleep(for: timeout)
            }
            await group.next()
            group.cancelAll()
        }
        _ = state.withLock { $0.waiters.removeValue(forKey: waiter) }
    }
}
