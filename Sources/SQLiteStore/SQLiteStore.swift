import GRDB
import Migrations
import POSIX
public import Queue
package import SQLStore

/// A store of jobs, images, classes, API keys and idempotency records in one SQLite file.
///
/// A write that has returned survives a power cut (WAL, `synchronous=FULL`). There is one writing
/// connection and there are two reading ones. A job's state and counts change in the same
/// transaction as its images, so readers never see them disagree.
///
/// A write runs to completion even if its task is cancelled, because a computed outcome is worth
/// keeping.
public final class SQLiteStore: Sendable {
    let pool: DatabasePool
    let clock: StoreClock
    package let parts: StoreParts
    let commitWatch: CommitWatch
    private let isAttached: Bool

    /// Opens the database, creating it if it is missing, checks it and migrates it to this
    /// version's schema.
    ///
    /// This blocks on the disk; for a large database it takes seconds.
    ///
    /// - Parameters:
    ///   - path: The file; SQLite keeps `-wal` and `-shm` beside it.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    ///   - isMade: Whether to create tables in a database that has none.
    ///   - machine: The machine's clocks.
    /// - Throws: ``StoreError/corrupt(_:)``, ``StoreError/schemaNewer(found:known:)``,
    ///   ``StoreError/migrationChanged(name:)``, ``StoreError/foreignDatabase``,
    ///   ``StoreError/emptyDatabase``, and errors of the disk.
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

    /// Opens the database like ``init(path:generatorVersion:making:machine:)``, with a clock that
    /// is never set.
    ///
    /// - Parameters:
    ///   - path: The file; SQLite keeps `-wal` and `-shm` beside it.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    ///   - now: Returns the time in milliseconds since 1970.
    /// - Throws: The same errors as the other initializer.
    public convenience init(
        path: String,
        generatorVersion: Int,
        now: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        try self.init(path: path, generatorVersion: generatorVersion, machine: MachineClock(now))
    }

    /// Opens, without migrating it, a database that another process may have open.
    ///
    /// - Parameters:
    ///   - path: The file, which must exist and have this version's schema.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    /// - Throws: ``StoreError/schemaOlder(found:known:)``,
    ///   ``StoreError/schemaNewer(found:known:)``, ``StoreError/migrationChanged(name:)``,
    ///   ``StoreError/foreignDatabase``, ``StoreError/emptyDatabase``, and errors of the disk.
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
                // GRDB's pool sets NORMAL, with which a power cut may lose the last commits.
                try db.execute(
                    sql: """
                        PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; \
                        PRAGMA temp_store = MEMORY
                        """
                )
                guard !isAttached else { return }
                let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                guard verdict == "ok" else {
                    throw StoreError.corrupt(verdict ?? "no answer to quick_check")
                }
            }
            let runner = MigrationRunner(migrations: migrations)
            if isAttached {
                try pool.read { db in
                    try runner.check(SQLiteSession(db, clock: clock))
                    try clock.attach(db)
                }
            } else {
                try pool.write { db in
                    let session = SQLiteSession(db, clock: clock)
                    try runner.run(session, making: isMade, now: clock.now)
                    try clock.resume(db)
                }
            }
            commitWatch = try CommitWatch(path: path)
            self.pool = pool
        } catch {
            throw StoreError(error)
        }
        parts = StoreParts(generatorVersion: generatorVersion)
        self.isAttached = isAttached
        self.clock = clock
    }

    /// The time that rows are written with, in milliseconds since 1970.
    ///
    /// It continues undisturbed when the wall clock is set; see ``followClock()``.
    public var currentTime: Int64 { clock.now }

    /// Checkpoints the write-ahead log and closes the file; every later call fails.
    ///
    /// An attached store leaves the log to the other process.
    ///
    /// - Throws: ``StoreError``.
    public func close() throws(StoreError) {
        do {
            try commitWatch.close()
            if !isAttached {
                try pool.writeWithoutTransaction { db in
                    // A full disk must not prevent the checkpoint.
                    try? clock.save(db)
                    _ = try db.checkpoint(.truncate)
                }
            }
            try pool.close()
        } catch {
            throw StoreError(error)
        }
    }

    /// Checkpoints as much of the write-ahead log as possible, so that it can restart instead of
    /// growing.
    ///
    /// It waits for no reader or writer; what they block stays in the log.
    public func tidy() async {
        _ = try? await writeWithoutTransaction { db in _ = try db.checkpoint(.passive) }
    }

    /// Reads from the database, for a readiness probe.
    public func check() async throws(StoreError) {
        _ = try await readOnce { db in
            try db.value(Int.self, "SELECT count(*) FROM schema_migrations")
        }
    }

    // MARK: - Access

    /// Runs one immediate transaction.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { [clock, parts] pool in
            let (value, changedJobs) = try await pool.write { db in
                let session = SQLiteSession(db, clock: clock)
                return (try body(session), session.changedJobs)
            }
            parts.jobsChanged(changedJobs)
            return value
        }
    }

    /// Runs `body`, which begins its own transaction, on the writing connection.
    func writeWithoutTransaction<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { try await $0.writeWithoutTransaction(body) }
    }

    /// Reads from one consistent snapshot.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { [clock] pool in
            try await pool.read { db in try body(SQLiteSession(db, clock: clock)) }
        }
    }

    /// Reads by a single statement, which is consistent without a transaction.
    package func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        try await access { [clock] pool in
            try await pool.unsafeRead { db in try body(SQLiteSession(db, clock: clock)) }
        }
    }

    /// Who has the data folder's lock alone writes jobs.
    package var isOnlyWriterOfJobs: Bool { true }

    /// A number that changes with every commit, by this process or another.
    package func keysVersion() async throws(StoreError) -> Int { try commitWatch.commits() }

    /// The bytes of the file and of its log.
    package func databaseBytes() async throws(StoreError) -> UInt64 {
        // The log does not exist after a clean shutdown.
        [pool.path, pool.path + "-wal"].reduce(0) { $0 + ((try? FileStatus(of: $1).size) ?? 0) }
    }

    /// Does nothing: no other process waits for this database.
    package func hint(_ hint: StoreHint) {}

    /// Always: who holds leases has the database whenever this process has it.
    package func mayRescue(_ lease: Duration) async throws(StoreError) -> Bool { true }

    /// Uses the pool in a separate task: cancelling the caller would roll back its transaction or
    /// interrupt its statement.
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

extension SQLiteStore: SQLStore {}
