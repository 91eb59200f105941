import Migrations
import POSIX
public import Queue
public import SQLStore

/// A store of jobs, images, classes, API keys and idempotency records in a PostgreSQL database,
/// which many machines share.
///
/// Transactions are at READ COMMITTED. Whatever reads and then writes takes locks first, in the
/// order of ``StoreLock``; a conflict that is left, such as a deadlock with a statement of an
/// operator, runs the transaction again. A commit whose answer was lost is not repeated blindly: the
/// transaction runs again and looks for what it would have made.
public final class PostgresStore: Sendable {
    package let parts: StoreParts
    let pool: PostgresPool
    let clock: PostgresClock
    /// This process, in its notes of blobs.
    let owner: String
    private let placeholders = Placeholders()
    let hintCounts = HintCounts()
    private let hints: PostgresHints
    private let listener: PostgresListener

    /// Connects, and brings the schema up to date.
    ///
    /// This blocks on the network and the database.
    ///
    /// - Parameters:
    ///   - location: Where the database is.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    ///   - connections: The most connections of this process.
    ///   - isMade: Whether to make the schema in a database that has none.
    /// - Throws: ``StoreError``.
    public convenience init(
        _ location: PostgresLocation,
        generatorVersion: Int,
        connections: Int = 8,
        making isMade: Bool = true
    ) throws(StoreError) {
        try self.init(
            location,
            generatorVersion: generatorVersion,
            connections: connections,
            making: isMade,
            clock: PostgresClock()
        )
        do throws(SystemError) {
            try listener.start(watchedBy: try pool.watchServers())
        } catch {
            throw .unavailable("no thread can be started: \(error.words)")
        }
    }

    /// Connects to the database of nodes that may be running, for commands; it must have this
    /// version's schema already.
    ///
    /// This blocks on the network and the database.
    ///
    /// - Parameters:
    ///   - location: Where the database is.
    ///   - generatorVersion: The version of the semantic images that new classes get.
    /// - Throws: ``StoreError``.
    public convenience init(
        attachingTo location: PostgresLocation,
        generatorVersion: Int
    ) throws(StoreError) {
        try self.init(
            location,
            generatorVersion: generatorVersion,
            connections: 2,
            making: nil,
            clock: PostgresClock()
        )
    }

    /// Connects, with a clock that moves only when told; for tests.
    package convenience init(
        _ location: PostgresLocation,
        generatorVersion: Int,
        now: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        try self.init(
            location,
            generatorVersion: generatorVersion,
            connections: 4,
            making: true,
            clock: PostgresClock(now)
        )
    }

    private init(
        _ location: PostgresLocation,
        generatorVersion: Int,
        connections: Int,
        making isMade: Bool?,
        clock: PostgresClock
    ) throws(StoreError) {
        parts = StoreParts(generatorVersion: generatorVersion)
        let pool = PostgresPool(location, width: max(connections, 1))
        let watched = WatchedJobs()
        self.pool = pool
        self.clock = clock
        hints = PostgresHints(pool: pool, schema: location.schema, counts: hintCounts)
        listener = PostgresListener(location, parts: parts, counts: hintCounts) {
            [parts, placeholders, clock, hintCounts] in
            let jobs = parts.watches.watchedJobs
            guard !jobs.isEmpty else { return }
            hintCounts.looked()
            let changed = try? pool.runNow { connection, _ in
                try watched.changed(
                    among: jobs,
                    PostgresSession(connection, placeholders: placeholders, clock: clock)
                )
            }
            parts.watches.notify(changed ?? jobs)
        }
        owner = ClaimToken.random().bytes.map { String($0, radix: 16) }.joined()
        try requireOwnSessions()
        if let isMade {
            try prepareSchema(location.schema, making: isMade)
        } else {
            try checkSchema()
        }
    }

    /// Refuses a pooler that gives the server's connections to others between transactions.
    ///
    /// Settings, hints and kept statements belong to a session. Two connections that are open at the
    /// same time have one server process each; such a pooler gives both the one that is free.
    private func requireOwnSessions() throws(StoreError) {
        try pool.runNow { one, _ in
            try pool.runNow { other, _ in
                for _ in 0..<3 {
                    guard try one.process() != other.process() else {
                        throw StoreError.unavailable(
                            "there is a pooler before it that gives its connections to others "
                                + "between transactions; it must be in session mode (pgbouncer: "
                                + "pool_mode = session)"
                        )
                    }
                }
            }
        }
    }

    /// Removes a schema with everything in it; for tests.
    package static func dropSchema(of location: PostgresLocation) throws(StoreError) {
        try PostgresPool(location, width: 1).runNow { connection, _ in
            try connection.run("DROP SCHEMA IF EXISTS \(location.schema) CASCADE")
        }
    }

    private func prepareSchema(_ schema: String, making isMade: Bool) throws(StoreError) {
        try pool.runNow { connection, _ in
            let session = PostgresSession(connection, placeholders: placeholders, clock: clock)
            session.begin()
            // Two nodes may start at once.
            session.lock(.administrators)
            if isMade { try session.execute("CREATE SCHEMA IF NOT EXISTS \(schema)") }
            try MigrationRunner(migrations: Migrations.postgres)
                .run(session, making: isMade, now: session.now)
            try session.commit()
        }
    }

    private func checkSchema() throws(StoreError) {
        try pool.runNow { connection, _ in
            let session = PostgresSession(connection, placeholders: placeholders, clock: clock)
            try MigrationRunner(migrations: Migrations.postgres).check(session)
            // From here on this process knows the database's time.
            _ = try session.now
        }
    }

    // MARK: - Transactions

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        let (value, changedJobs) = try await pool.run { [self] connection, attempt in
            try transact(connection, attempt, body)
        }
        if !changedJobs.isEmpty {
            parts.watches.notify(changedJobs)
            hints.send(.jobs)
        }
        return value
    }

    /// Runs a transaction that writes, on this thread, which it blocks.
    func writeNow<Value>(
        _ body: (any SQLSession) throws -> Value
    ) throws(StoreError) -> Value {
        try pool.runNow { connection, attempt in try transact(connection, attempt, body).0 }
    }

    private func transact<Value>(
        _ connection: PostgresConnection,
        _ attempt: PostgresPool.Attempt,
        _ body: (any SQLSession) throws -> Value
    ) throws -> (Value, changedJobs: Set<Int64>) {
        let session = PostgresSession(
            connection,
            placeholders: placeholders,
            clock: clock,
            isRepeated: attempt.isUnsure
        )
        session.begin()
        // What an earlier run committed is seen before a synchronous standby has it, if its wait
        // was broken off. This commit waits for all before it.
        if attempt.isUnsure { session.writeToLog() }
        let value = try body(session)
        do throws(PostgresFault) {
            try session.commit()
        } catch {
            // Nobody knows whether the server had the commit before the connection was lost.
            if error.isLost { attempt.isUnsure = true }
            throw error
        }
        return (value, session.changedJobs)
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        try await pool.run { [placeholders, clock] connection, _ in
            let session = PostgresSession(connection, placeholders: placeholders, clock: clock)
            session.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let value = try body(session)
            try session.commit()
            return value
        }
    }

    package func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Value
    ) async throws(StoreError) -> Value {
        try await pool.run { [placeholders, clock] connection, _ in
            try body(PostgresSession(connection, placeholders: placeholders, clock: clock))
        }
    }

    // MARK: - What is this database's own

    /// Keys are believed for at most a second; see ``KeyCatalog/key(hash:)``.
    package func keysVersion() async throws(StoreError) -> Int { Int(Uptime.milliseconds / 1000) }

    /// Other nodes write as well.
    package var isOnlyWriterOfJobs: Bool { false }

    package func hint(_ hint: StoreHint) { hints.send(hint) }

    /// Not within a lease of an outage or of the server's start.
    package func mayRescue(_ lease: Duration) async throws(StoreError) -> Bool {
        if clock.isFixed { return true }
        if let outage = pool.lastOutage, .now - outage < lease { return false }
        return try await readOnce { db in
            try db.value(
                Bool.self,
                """
                SELECT clock_timestamp() - pg_postmaster_start_time()
                    > CAST(? AS double precision) * interval '1 millisecond'
                """,
                [lease.milliseconds]
            ) == true
        }
    }

    package func databaseBytes() async throws(StoreError) -> UInt64 {
        try await readOnce { db in
            try db.value(
                UInt64.self,
                """
                SELECT CAST(coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) AS bigint)
                FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE nspname = current_schema() AND relkind IN ('r', 'p')
                """
            ) ?? 0
        }
    }
}

extension PostgresStore: SQLStore {
    /// The database's time, as this machine knows it.
    public var currentTime: Int64 { clock.estimate }

    /// Never: the database's clock is not this machine's to doubt.
    public var isTimeInDoubt: Bool { false }

    /// Asks the database for its time, and forgets the notes of blobs that have lapsed.
    public func followClock() async throws(StoreError) -> Int64 {
        try await write { db in
            _ = try db.execute(
                "DELETE FROM blob_notes WHERE noted_at <= ?",
                [db.now - Self.noteLifetime]
            )
        }
        return 0
    }

    /// Reads from the database, for a readiness probe.
    public func check() async throws(StoreError) {
        _ = try await readOnce { db in
            try db.value(Int.self, "SELECT count(*) FROM schema_migrations")
        }
    }

    /// Writes to the database, for a readiness probe.
    public func checkWrites() async throws(StoreError) {
        try await write { db in _ = try db.rows(PostgresSession.writesToLog) }
    }

    /// Does nothing: the database cleans up by itself.
    public func tidy() async {}

    /// Closes the connections; every later call fails.
    public func close() throws(StoreError) {
        listener.stop()
        pool.close()
    }
}
