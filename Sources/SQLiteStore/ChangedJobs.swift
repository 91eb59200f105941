import GRDB
import Queue
import Synchronization

/// Wakes those who watch a job once a transaction that changed its row is committed.
///
/// No statement needs to know of it: it observes the connection that writes.
final class ChangedJobs: TransactionObserver, Sendable {
    let watches = JobWatches()

    /// The jobs that the transaction under way changed.
    ///
    /// It notes them watched or not, because somebody may begin to watch before the commit.
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
