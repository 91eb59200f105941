import Dispatch
import Synchronization

/// Threads for work that blocks on a disk or a processor, so that tasks and sockets do not wait.
///
/// All threads take from one line, in the order of the calls: whichever is free starts what has
/// waited longest. With a line for each thread, work would wait behind a slow item, such as a list
/// of all blobs, though other threads are idle; and as work would be dealt out in turn, that item
/// would soon hold up every transfer. There are never more threads than the width, so a disk that
/// hangs holds that many and no more.
///
/// A thread is a serial Dispatch queue. A concurrent queue would not do: its threads come from a
/// pool of as many as there are processors, which runs the tasks as well.
public final class BlockingExecutor: TaskExecutor {
    typealias Work = @Sendable () -> Void

    private struct State {
        var line = Line()
        /// Those that take nothing from the line now; what comes next starts one of them.
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>

    /// Makes an executor; its threads start when there is work for them, and end after it.
    ///
    /// - Parameters:
    ///   - label: Its name in a debugger.
    ///   - width: The most threads, at least 1.
    public init(label: String, width: Int) {
        precondition(width > 0, "an executor has at least one thread")
        let threads = (0..<width).map { DispatchQueue(label: "\(label).\($0)") }
        state = Mutex(State(idle: threads))
    }

    /// Does blocking work; cancelling the task does not stop it.
    ///
    /// - Parameter work: What to do.
    /// - Returns: What `work` returned.
    /// - Throws: What `work` threw.
    public func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }

    /// Does a part of a task that prefers these threads, between two of its waits.
    ///
    /// A task that blocks for each of many pieces need not change threads for them.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        submit { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Puts work at the end of the line.
    func submit(_ work: @escaping Work) {
        let thread = state.withLock { state in
            state.line.append(work)
            return state.idle.popLast()
        }
        if let thread { thread.async { self.workOff(on: thread) } }
    }

    /// Takes from the line until nothing is left.
    private func workOff(on thread: DispatchQueue) {
        while let work = next(for: thread) { work() }
    }

    /// The next of the line; `nil` if there is none, and then the thread is idle.
    private func next(for thread: DispatchQueue) -> Work? {
        state.withLock { state in
            // In one step: work that comes in between would find no thread.
            let work = state.line.popFirst()
            if work == nil { state.idle.append(thread) }
            return work
        }
    }

    /// What waits, first come, first served.
    private struct Line {
        private var arrived: [Work] = []
        /// The last is the next.
        private var leaving: [Work] = []

        mutating func append(_ work: @escaping Work) {
            arrived.append(work)
        }

        mutating func popFirst() -> Work? {
            if leaving.isEmpty {
                leaving = arrived.reversed()
                arrived = []
            }
            return leaving.popLast()
        }
    }
}
