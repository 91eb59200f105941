import Synchronization

/// Tells a handler that its client sends nothing more, and so has closed the connection most likely.
///
/// Nobody can tell a client that has closed from one that has ended its own direction only and still reads. So a request is answered in any
/// case; but what would wait for the client's sake only, such as a long poll or a stream of events, ends here.
public final class ClientEnd: Sendable {
    private struct State {
        var hasEnded = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Creates the end of a client that has not ended.
    public init() {}

    /// Whether the client has ended.
    public var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Notes the end, and wakes everyone who waits for it.
    public func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Runs a wait that ends when its task is cancelled, which it is as soon as the client ends.
    ///
    /// - Parameter wait: The wait; it is not begun for a client that has ended.
    public func interrupting(_ wait: @escaping @Sendable () async -> Void) async {
        guard !hasEnded else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await wait() }
            group.addTask { await self.ended() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the client has ended, or the task is cancelled.
    private func ended() async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasEnded || Task.isCancelled { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }
}
