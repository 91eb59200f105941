import Synchronization

/// Tells a handler that its client will send nothing more, and so has most likely closed.
///
/// The server cannot tell a client that has closed from one that has shut down only its sending
/// direction and still reads. A request is therefore answered in any case. Waits that serve only
/// the client, such as a long poll or an event stream, end here.
public final class ClientEnd: Sendable {
    private struct State {
        var hasEnded = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Creates the end of a client that is still sending.
    public init() {}

    /// Whether the client has ended.
    public var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Records the end and resumes every waiter.
    public func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Runs a wait and cancels its task as soon as the client ends.
    ///
    /// - Parameter wait: The wait; it is not started if the client has already ended.
    public func interrupting(_ wait: @escaping @Sendable () async -> Void) async {
        guard !hasEnded else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await wait() }
            group.addTask { await self.ended() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns once the client has ended or the task is cancelled.
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
