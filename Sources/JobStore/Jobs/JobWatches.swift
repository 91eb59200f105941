import GRDB
import Synchronization

/// Tells those who watch a job that its row has changed, once the change is committed.
///
/// The store's statements need not know of it: it listens to the connection that writes. A job's row changes whenever one of its
/// images does, since the job counts them.
final class JobWatches: TransactionObserver, Sendable {
    private struct Watched {
        let signal = WorkSignal()
        var count = 0
    }

    private struct State {
        /// By the jobs' `seq`.
        var watched: [Int64: Watched] = [:]
        /// Changed by the transaction under way; watched or not, since somebody may begin to watch before the commit.
        var changed: Set<Int64> = []
    }

    private let state = Mutex(State())

    // MARK: - Watching

    /// Begins to watch a job; what is committed from now on is not missed.
    func begin(_ job: Int64) -> WorkSignal {
        state.withLock { state in
            state.watched[job, default: Watched()].count += 1
            return state.watched[job]?.signal ?? WorkSignal()
        }
    }

    /// Ends what ``begin(_:)`` began.
    func end(_ job: Int64) {
        state.withLock { state in
            guard let count = state.watched[job]?.count else { return }
            state.watched[job]?.count = count - 1
            if count <= 1 { state.watched[job] = nil }
        }
    }

    /// How many watch a job.
    func count(_ job: Int64) -> Int { state.withLock { $0.watched[job]?.count ?? 0 } }

    /// Wakes everyone, whatever they watch.
    func notifyAll() {
        for signal in state.withLock({ $0.watched.values.map(\.signal) }) { signal.notify() }
    }

    // MARK: - On the connection that writes

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        switch kind {
        case .update("jobs", _), .delete("jobs"): true
        default: false
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        state.withLock { _ = $0.changed.insert(event.rowID) }
    }

    func databaseDidCommit(_ db: Database) {
        let signals = state.withLock { state in
            defer { state.changed = [] }
            return state.changed.compactMap { state.watched[$0]?.signal }
        }
        for signal in signals { signal.notify() }
    }

    func databaseDidRollback(_ db: Database) {
        state.withLock { $0.changed = [] }
    }
}

/// Wakes its owner when a job changes, for as long as it is kept.
///
/// The number of waits and of looks at the database so follows from what happens to the job, not from the time that passes.
public final class JobWatch: Sendable {
    private let job: Int64
    private let watches: JobWatches
    private let signal: WorkSignal

    init(_ job: Int64, among watches: JobWatches) {
        self.job = job
        self.watches = watches
        signal = watches.begin(job)
    }

    deinit {
        watches.end(job)
    }

    /// The present moment, to be taken before a look at the job.
    public var mark: WorkMark { signal.mark }

    /// How many watches of this job there are, this one among them.
    public var count: Int { watches.count(job) }

    /// Waits until the job has changed or was erased.
    ///
    /// It also returns when `timeout` has passed, when the task is cancelled, and after ``JobStore/wakeWatches()``. It may return
    /// for nothing.
    ///
    /// - Parameters:
    ///   - mark: ``mark`` from before the look at the job.
    ///   - timeout: The longest wait; some seconds, since other processes do not wake this one.
    public func wait(after mark: WorkMark, atMost timeout: Duration) async {
        await signal.wait(after: mark, atMost: timeout)
    }
}
