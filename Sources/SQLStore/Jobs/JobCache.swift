import JobModel
import Queue
import Synchronization

/// Caches the rows of jobs, so that a poll need not query the database.
///
/// It is for a store that hears of every change, since nobody else writes the database: a job is
/// forgotten once a change of its row is committed, before whoever changed it is told so.
package final class JobCache: Sendable {
    private struct State {
        var jobs: [JobIdentifier: Job] = [:]
        var names: [Int64: JobIdentifier] = [:]
        /// How many times rows have changed.
        var changes = 0
    }

    /// The number of jobs at which the cache is emptied.
    private static let capacity = 2048

    private let state = Mutex(State())

    /// Creates an empty cache.
    package init() {}

    /// Returns a job, and how many times rows have changed until now.
    func lookUp(_ id: JobIdentifier) -> (job: Job?, changes: Int) {
        state.withLock { ($0.jobs[id], $0.changes) }
    }

    /// Caches a row that was read after `changes` changes, unless there was one meanwhile.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - seq: Its sequence number.
    ///   - changes: What ``lookUp(_:)`` returned before.
    func keep(_ job: Job, seq: Int64, after changes: Int) {
        state.withLock { state in
            guard state.changes == changes else { return }
            if state.jobs.count >= Self.capacity {
                state = State(changes: changes)
            }
            state.jobs[job.id] = job
            state.names[seq] = job.id
        }
    }

    /// Forgets jobs whose rows have changed.
    package func forget(_ jobs: Set<Int64>) {
        guard !jobs.isEmpty else { return }
        state.withLock { state in
            state.changes += 1
            for seq in jobs {
                if let id = state.names.removeValue(forKey: seq) { state.jobs[id] = nil }
            }
        }
    }

    /// Forgets all jobs.
    package func forgetAll() {
        state.withLock { $0 = State(changes: $0.changes + 1) }
    }
}
