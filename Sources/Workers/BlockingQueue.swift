import Dispatch

/// Threads for work that waits for a disk, apart from the tasks' pool.
///
/// There are as many threads as there are calls at the same time; the callers bound that.
public final class BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// Makes a queue.
    ///
    /// - Parameter label: Its name in a debugger.
    public init(label: String) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    /// Does blocking work; cancelling the task does not stop it.
    ///
    /// - Parameter work: What to do.
    /// - Returns: What `work` returned.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
