import POSIX
import Queue
import Synchronization

/// The connections of a process: a bounded number, each with a thread of its own while it is used.
final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresConnection] = []
        var isClosed = false
        var lastOutage: ContinuousClock.Instant?
        /// The last fault of a new connection that took long, and until when nobody waits for the
        /// same.
        var silence: (fault: PostgresFault, until: ContinuousClock.Instant)?
        var uses = PostgresUses()
    }

    /// When the database was last found to be away; `nil` if it never was.
    var lastOutage: ContinuousClock.Instant? { state.withLock { $0.lastOutage } }

    /// How long a statement, a lock, and a transaction that does nothing may last.
    private static let limits = """
        SET statement_timeout = '30s'; SET lock_timeout = '10s';
        SET idle_in_transaction_session_timeout = '10s';
        """
    /// How often a transaction is run again after a conflict.
    private static let maxRepeats = 8
    /// A new connection whose fault took longer found nobody who answers.
    private static let slow: Duration = .seconds(1)

    private let location: PostgresLocation
    private let width: Int
    private let executor: BlockingExecutor
    private let watchdog: PostgresWatchdog
    private let state = Mutex(State())

    /// Connects when it is first used.
    ///
    /// - Parameters:
    ///   - location: Where the database is.
    ///   - width: The most connections, at least 1.
    init(_ location: PostgresLocation, width: Int) {
        self.location = location
        self.width = width
        executor = BlockingExecutor(label: "palimpsest.postgres", width: width)
        watchdog = PostgresWatchdog(location)
    }

    /// Begins to notice servers that fall silent.
    ///
    /// - Returns: What notices them, for other connections.
    func watchServers() throws(SystemError) -> PostgresWatchdog {
        try watchdog.start()
        return watchdog
    }

    /// Closes all connections as soon as they are idle; every later use fails.
    func close() {
        state.withLock { $0 = State(isClosed: true, uses: $0.uses) }
        watchdog.stop()
    }

    /// Uses a connection, on a thread that may block; cancelling the task does not stop it.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresConnection, Attempt) throws -> Value
    ) async throws(StoreError) -> Value {
        try await executor.run { () throws(StoreError) -> Value in try self.runNow(work) }
    }

    /// Uses a connection on this thread, which blocks.
    func runNow<Value>(
        _ work: (PostgresConnection, Attempt) throws -> Value
    ) throws(StoreError) -> Value {
        let attempt = Attempt()
        var repeats = 0
        while true {
            let begin = ContinuousClock.now
            do {
                let (connection, isNew) = try take()
                defer { give(connection) }
                do {
                    let value = try watchdog.watch(connection) { try work(connection, attempt) }
                    count(.done, since: begin)
                    return value
                } catch let fault as PostgresFault where fault.isLost || fault.isOutage {
                    // Idle connections may have died with the server that they led to; a new one
                    // tells whether there is another.
                    state.withLock { $0.idle = [] }
                    guard !isNew || attempt.isUnsure, repeats < Self.maxRepeats else { throw fault }
                    count(.lost, since: begin)
                    repeats += 1
                } catch let fault as PostgresFault where fault.isOfOtherStatements {
                    state.withLock { $0.idle = [] }
                    connection.retire()
                    throw fault
                }
            } catch let error as StoreError {
                // The caller's own, after what the database has answered.
                count(.done, since: begin)
                throw error
            } catch let fault as PostgresFault {
                count(fault.outcome, since: begin)
                if fault.isOutage { state.withLock { $0.lastOutage = .now } }
                guard fault.isTransient, repeats < Self.maxRepeats else { throw fault.storeError }
                repeats += 1
                Pause.random(upTo: 0.005 * Double(1 << min(repeats, 6)))
            } catch {
                count(.failed, since: begin)
                throw .corrupt("A value in the database could not be read.")
            }
        }
    }

    /// What has come of the uses of the connections.
    var link: DatabaseLink {
        state.withLock { $0.uses.link(idle: $0.idle.count, limit: width) }
    }

    private func count(_ outcome: DatabaseLink.Outcome, since begin: ContinuousClock.Instant) {
        state.withLock { $0.uses.count(outcome, since: begin) }
    }

    /// What is known of a transaction that is run again.
    final class Attempt {
        /// Whether an earlier run may have been committed.
        var isUnsure = false
    }

    private func take() throws -> (PostgresConnection, isNew: Bool) {
        let idle = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .unavailable("the store is closed") }
            return state.idle.popLast()
        }
        if let idle {
            state.withLock { $0.uses.busy += 1 }
            return (idle, false)
        }
        let connection = try connect()
        try connection.run(
            Self.limits + """
                SET search_path TO \(location.schema);
                -- Every statement on images has an index that fits. Before the server has counted
                -- the rows it would rather sort what it finds by another one, or go through them
                -- all. So one plan fits all values, and is made once.
                SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_hashjoin = off;
                SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan; SET jit = off;
                SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'
                """
        )
        state.withLock { $0.uses.busy += 1 }
        return (connection, true)
    }

    /// Connects, unless nobody answered a moment ago: who waits in line need not find out one by one.
    private func connect() throws(PostgresFault) -> PostgresConnection {
        let begin = ContinuousClock.now
        if let (fault, until) = state.withLock({ $0.silence }), begin < until { throw fault }
        do throws(PostgresFault) {
            return try PostgresConnection(location.connectionString)
        } catch {
            let now = ContinuousClock.now
            if now - begin > Self.slow {
                state.withLock { $0.silence = (error, now + .seconds(1)) }
            }
            throw error
        }
    }

    private func give(_ connection: PostgresConnection) {
        state.withLock { $0.uses.busy -= 1 }
        guard connection.isConnected else { return }
        if connection.isInTransaction {
            guard (try? connection.run("ROLLBACK")) != nil else { return }
        }
        state.withLock { if !$0.isClosed { $0.idle.append(connection) } }
    }
}
