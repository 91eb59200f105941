@preconcurrency import Dispatch

/// Runs tasks on the queue of a ``QueueExecutor``, so that a short one never changes threads.
///
/// It is not the same object, because the runtime would then take the actors of the queue for tasks
/// that prefer another executor, and put their functions on the queue anew at every `await`.
public final class QueueTaskExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(_ executor: QueueExecutor) {
        queue = executor.queue
    }

    /// Runs a part of a task on the queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
