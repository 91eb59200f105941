@preconcurrency public import Dispatch

/// Ties actors to a serial Dispatch queue, so that Dispatch sources on the queue and the actors'
/// own code exclude each other.
///
/// A handler of a source on ``queue`` enters an actor of this executor by `assumeIsolated`, without
/// a hop.
public final class QueueExecutor: SerialExecutor {
    /// The queue; serial.
    public let queue: DispatchQueue

    /// Creates an executor with a queue of its own.
    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs a job of an actor on the queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Runs work on the queue, after what is there already.
    public func post(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    /// Traps unless the caller runs on the queue.
    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
