@preconcurrency public import Dispatch

/// Runs actors on a serial Dispatch queue, so that the queue's Dispatch sources and the actors'
/// code never run at the same time.
///
/// The handler of a source on ``queue`` enters an actor of this executor by `assumeIsolated`,
/// without a hop.
public final class QueueExecutor: SerialExecutor {
    /// The serial queue.
    public let queue: DispatchQueue

    /// Creates an executor with its own queue.
    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs an actor's job on the queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Runs work on the queue, after the work that is already queued.
    public func post(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    /// Traps unless the caller runs on the queue.
    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
