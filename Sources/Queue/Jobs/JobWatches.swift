import Synchronization

/// Tells those who watch a job that its row has changed, once the change is committed.
///
/// A store calls ``notify(_:)`` with the jobs of each transaction. A job's row changes whenever one
/// of its images does, because the job counts them.
public final class JobWatches: Sendable {
    private struct Watched {
        let signal = WorkSignal()
        var count = 0
    }

    /// By the jobs' sequence numbers.
    private let watched = Mutex<[Int64: Watched]>([:])

    /// Nobody watches yet.
    public init() {}

    /// Begins to watch a job, for as long as the watch is kept.
    ///
    /// The watch misses nothing that is committed from now on.
    public func watch(_ job: Int64) -> JobWatch {
        let signal = watched.withLock { watched in
            watched[job, default: Watched()].count += 1
            return watched[job]?.signal ?? WorkSignal()
        }
        return JobWatch(job, signal: signal, among: self)
    }

    /// Ends what ``watch(_:)`` began.
    fileprivate func end(_ job: Int64) {
        watched.withLock { watched in
            guard let count = watched[job]?.count else { return }
            watched[job]?.count = count - 1
            if count <= 1 { watched[job] = nil }
        }
    }

    /// How many watch a job.
    fileprivate func count(_ job: Int64) -> Int { watched.withLock { $0[job]?.count ?? 0 } }

    /// The jobs that somebody watches, by their sequence numbers.
    public var watchedJobs: [Int64] { watched.withLock { Array($0.keys) } }

    /// Wakes those who watch some jobs.
    public func notify(_ jobs: some Sequence<Int64>) {
        let signals = watched.withLock { watched in jobs.compactMap { watched[$0]?.signal } }
        for signal in signals { signal.notify() }
    }

    /// Wakes everyone, whatever they watch.
    public func notifyAll() {
        for signal in watched.withLock({ $0.values.map(\.signal) }) { signal.notify() }
    }
}

/// Wakes its owner when a job changes, for as long as it is kept.
///
/// So the number of looks at the database follows from what happens to the job, not from the time
/// that passes.
public final class JobWatch: Sendable {
    private let job: Int64
    private let signal: WorkSignal
    private let watches: JobWatches

    fileprivate init(_ job: Int64, signal: WorkSignal, among watches: JobWatches) {
        self.job = job
        self.signal = signal
        self.watches = watches
    }

    deinit {
        watches.end(job)
    }

    /// The present moment; take it before a look at the job.
    public var mark: WorkMark { signal.mark }

    /// How many watches of this job there are, this one included.
    public var count: Int { watches.count(job) }

    /// Waits until the job has changed or was erased.
    ///
    /// It also returns when `timeout` has passed, when the task is cancelled, and after
    /// ``JobCatalog/wakeWatches()``. It may return for nothing.
    ///
    /// - Parameters:
    ///   - mark: ``mark`` from before the look at the job.
    ///   - timeout: The longest wait. Keep it to some seconds: other processes do not wake this
    ///     one.
    public func wait(after mark: WorkMark, atMost timeout: Duration) async {
        await signal.wait(after: mark, atMost: timeout)
    }
}
