import GRDB
import JobModel
import Migrations
public import Queue

/// Jobs, images, classes, API keys and idempotency records in one SQLite file.
///
/// A write that has returned survives a power cut (WAL, `synchronous=FULL`). One connection writes, two read. The state and the
/// counts of a job change in the transaction that changes its images, so that they are never seen to disagree.
///
/// Every write runs to its end even when the task that asked for it is cancelled: an outcome that was computed is worth keeping.
public final class SQLiteStore: Sendable {
    let pool: DatabasePool
    let now: @Sendable () -> Int64
    let clock: StoreClock
    let generatorVersion: Int
    let rule = RetryRule()
    let signal = WorkSignal()
    /// Wakes those who hold leases when some may be gone.
    let revocation = WorkSignal()
    let changedJobs = ChangedJobs()
    let keyCache = KeyCache()
    let keyUses = KeyUses()
    let commitWatch: CommitWatch
    private let isAttached: Bool

    /// Opens the database, making it where it is missing, checks it and brings it to this version's
    /// schema.
    ///
    /// It blocks on the disk, for a large database for seconds.
    ///
    /// - Parameters:
    ///   - path: The file; SQLite keeps `-wal` and `-shm` beside it.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    ///   - isMade: Whether tables may be made in a database that has none.
    ///   - machine: The clocks.
    /// - Throws: ``StoreError/corrupt(_:)``, ``StoreError/schemaNewer(found:known:)``,
    ///   ``StoreError/migrationChanged(name:)``, ``StoreError/foreignDatabase``,
    ///   ``StoreError/emptyDatabase``, and faults of the disk.
    public convenience init(
        path: String,
        generatorVersion: Int,
        making isMade: Bool = true,
        machine: MachineClock = .system
    ) throws(StoreError) {
        try self.init(
            path: path,
            generatorVersion: generatorVersion,
            migrations: Migrations.all,
            making: isMade,
            machine: machine
        )
    }

    /// Opens the database as ``init(path:generatorVersion:making:machine:)`` does, by a clock that
    /// is never set.
    ///
    /// - Parameters:
    ///   - path: The file; SQLite keeps `-wal` and `-shm` beside it.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    ///   - now: The time in milliseconds since 1970.
    /// - Throws: As the other does.
    public convenience init(
        path: String,
        generatorVersion: Int,
        now: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        try self.init(path: path, generatorVersion: generatorVersion, machine: MachineClock(now))
    }

    /// Opens a database that another process may have open: it must be of this version's schema, and is left as it is.
    ///
    /// - Parameters:
    ///   - path: The file, which must exist.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    /// - Throws: ``StoreError/schemaOlder(found:known:)``, ``StoreError/schemaNewer(found:known:)``,
    ///   ``StoreError/migrationChanged(name:)``, ``StoreError/foreignDatabase``, and faults of the disk.
    public convenience init(attachingTo path: String, generatorVersion: Int) throws(StoreError) {
        try self.init(
            path: path,
            generatorVersion: generatorVersion,
            migrations: Migrations.all,
            isAttached: true,
            machine: .system
        )
    }

    init(
        path: String,
        generatorVersion: Int,
        migrations: [Migration],
        isAttached: Bool = false,
        making isMade: Bool = true,
        machine: MachineClock
    ) throws(StoreError) {
        let clock = StoreClock(machine: machine)
        var configuration = Configuration()
        configuration.label = "palimpsest.jobs"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 2
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // The pool has set NORMAL for itself, which may forget the last commits in a power cut.
                try db.execute(
                    sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY"
                )
                guard !isAttached else { return }
                let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                guard verdict == "ok" else { throw StoreError.corrupt(verdict ?? "no answer to quick_check") }
            }
            let runner = MigrationRunner(migrations: migrations)
            if isAttached {
                try pool.read { db in
                    try runner.check(db)
                    try clock.attach(db)
                }
            } else {
                try pool.write { db in
                    try runner.run(db, making: isMade, now: clock.now)
                    try clock.resume(db)
                }
            }
            commitWatch = try CommitWatch(path: path)
            pool.add(transactionObserver: changedJobs)
            self.pool = pool
        } catch {
            throw StoreError(error)
        }
        self.generatorVersion = generatorVersion
        self.isAttached = isAttached
        self.clock = clock
        now = { clock.now }
    }

    /// The time that rows are written with, in milliseconds since 1970; it goes on by itself when
    /// the wall clock is set, see ``followClock()``.
    public var currentTime: Int64 { now() }

    /// Folds the write-ahead log into the file and closes it; every later call fails.
    ///
    /// A store that is attached leaves the log to the other process.
    ///
    /// - Throws: ``StoreError``.
    public func close() throws(StoreError) {
        do {
            try commitWatch.close()
            if !isAttached {
                try pool.writeWithoutTransaction { db in
                    // On a full disk the log is still to be folded.
                    try? clock.save(db)
                    _ = try db.checkpoint(.truncate)
                }
            }
            try pool.close()
        } catch {
            throw StoreError(error)
        }
    }

    /// Moves what it can of the write-ahead log into the file, so that the log may be written from
    /// its beginning and not grow.
    ///
    /// It waits for nobody, and what cannot be moved stays.
    public func tidy() async {
        _ = try? await writeWithoutTransaction { db in _ = try db.checkpoint(.passive) }
    }

    /// Reads anything at all, for a readiness probe.
    public func check() async throws(StoreError) {
        _ = try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM schema_migrations") }
    }

    // MARK: - Access

    /// Runs one immediate transaction.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { try await $0.write(body) }
    }

    /// Has the only connection that writes, for a body that makes its own transaction.
    func writeWithoutTransaction<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { try await $0.writeWithoutTransaction(body) }
    }

    /// Reads one consistent state.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { try await $0.read(body) }
    }

    /// Reads by one statement, whose rows are consistent by themselves, so that no transaction is needed around it.
    func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { try await $0.unsafeRead(body) }
    }

    /// Uses the pool in a task of its own, since a cancelled one would have its transaction rolled back or its statement interrupted.
    private func access<Value: Sendable>(
        _ body: @escaping @Sendable (DatabasePool) async throws -> Value
    ) async throws(StoreError) -> Value {
        let task = Task { [pool] in try await body(pool) }
        do {
            return try await task.value
        } catch {
            throw StoreError(error)
        }
    }
}

extension SQLiteStore: Store {}
