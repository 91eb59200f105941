package import JobModel
package import Queue

/// A store in a database that speaks SQL: what is the same for every one of them.
///
/// An implementation brings transactions. The statements and what decides about them are here.
package protocol SQLStore: Store {
    /// What the statements need besides a session.
    var parts: StoreParts { get }

    /// Runs a transaction that writes.
    ///
    /// It runs to its end even if the task that asked for it is cancelled. `body` may be run again
    /// after a failure of the database; what it changes besides rows must allow that.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value

    /// Reads from one consistent snapshot.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value

    /// Reads by a single statement, which is consistent without a transaction.
    func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value

    /// Whether every change of a job is made by this process, which then may remember rows.
    var isOnlyWriterOfJobs: Bool { get }

    /// A number that changes, at the latest a second later, when keys may have changed.
    func keysVersion() async throws(StoreError) -> Int

    /// The bytes that the database occupies.
    func databaseBytes() async throws(StoreError) -> UInt64

    /// Tells other processes, if there can be any, that there may be something new.
    func hint(_ hint: StoreHint)

    /// Whether leases that have run out may be taken back.
    ///
    /// They may not while all of them have run out because the database was away: who holds them
    /// needs time to lengthen them.
    func mayRescue(_ lease: Duration) async throws(StoreError) -> Bool
}

/// What a store has besides its database.
package final class StoreParts: Sendable {
    /// The version of the semantic images that new classes get.
    package let generatorVersion: Int
    /// What becomes of an image.
    package let rule = RetryRule()
    /// Wakes who waits for work.
    package let signal = WorkSignal()
    /// Wakes the holders of leases when some may have been revoked.
    package let revocation = WorkSignal()
    /// Wakes who watches jobs.
    package let watches = JobWatches()
    let keyCache = KeyCache()
    let jobCache = JobCache()
    let keyUses = KeyUses()

    /// Creates the parts of a store.
    package init(generatorVersion: Int) {
        self.generatorVersion = generatorVersion
    }

    /// Tells of a commit that has changed the rows of some jobs.
    package func jobsChanged(_ jobs: Set<Int64>) {
        jobCache.forget(jobs)
        watches.notify(jobs)
    }

    /// Tells of a commit that has changed the rows of all jobs.
    package func allJobsChanged() {
        jobCache.forgetAll()
        watches.notifyAll()
    }
}

extension SQLStore {
    var rule: RetryRule { parts.rule }
    var signal: WorkSignal { parts.signal }
    var revocation: WorkSignal { parts.revocation }

    /// Wakes who waits for work, in all processes.
    func wakeWorkers() {
        parts.signal.notify()
        hint(.work)
    }

    /// Wakes who holds leases, in all processes.
    func wakeHolders() {
        parts.revocation.notify()
        hint(.leases)
    }

    /// Forgets what was read of keys, in all processes.
    func keysHaveChanged() {
        parts.forgetKeys()
        hint(.keys)
    }
}

extension StoreParts {
    /// Forgets what was read of keys.
    package func forgetKeys() { keyCache.clear() }
}
