import GRDB
import Queue
import Synchronization

/// Wakes the watchers of a job when a transaction that changed its row commits.
///
/// It observes the writing connection, so statements need not notify anyone.
final class ChangedJobs: TransactionObserver, Sendable {
    let watches = JobWatches()

    /// The jobs that the current transaction changed.
    ///
    /// It includes unwatched jobs, because a watch may begin before the commit.
    private let changed = Mutex<Set<Int64>>([])

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        switch kind {
        case .update("jobs", _), .delete("jobs"): true
        default: false
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        changed.withLock { _ = $0.insert(event.rowID) }
    }

    func databaseDidCommit(_ db: Database) {
        watches.notify(
            changed.withLock { changed in
                defer { changed = [] }
                return changed
            }
        )
    }

    func databaseDidRollback(_ db: Database) {
        changed.withLock { $0 = [] }
    }
}
