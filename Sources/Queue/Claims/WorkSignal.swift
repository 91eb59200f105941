import Synchronization

/// A moment in the life of a store: who waits from here misses no work that appeared later.
public struct WorkMark: Sendable, Equatable {
    let generation: UInt64
}

/// Wakes everyone in this process who waits for something that may have become claimable.
///
/// The generation counts the wake-ups. So one that falls between a look at the database and the
/// wait is not lost.
public final class WorkSignal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Nobody waits yet.
    public init() {}

    /// The present moment.
    public var mark: WorkMark {
        WorkMark(generation: state.withLock { $0.generation })
    }

    /// Wakes all.
    public func notify() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in waiters.values { continuation.finish() }
    }

    /// Waits for a wake-up after the mark, for the time to pass, or for the task to be cancelled.
    public func wait(after mark: WorkMark, atMost timeout: Duration) async {
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
                // A cancelled sleep ends the wait just as a finished one does.
                try? await Task.sleep(for: timeout)
            }
            await group.next()
            group.cancelAll()
        }
        _ = state.withLock { $0.waiters.removeValue(forKey: waiter) }
    }
}
