import CPostgres
import Glibc
import POSIX
import Synchronization

/// Ends the wait for a server that has fallen silent without the network noticing it.
///
/// The kernel gives up a peer that acknowledges nothing. It waits forever for one that acknowledges
/// and does not answer: a server that was stopped, or a proxy that has lost its server. A statement
/// may take long, so that silence alone says nothing. If a new connection is not answered either, the
/// silent ones are cut off, and whoever waits for them learns that they are lost.
final class PostgresWatchdog: Sendable {
    /// How long a server may be silent before it is asked by a new connection.
    private static let patience = 5000
    /// A refusal comes sooner, and then it was answered.
    private static let silence: Duration = .seconds(3)

    private let location: PostgresLocation
    private let watched = Mutex<Set<Int32>>([])
    private let isStopped = Atomic(false)

    /// Creates a watchdog; ``start()`` begins.
    init(_ location: PostgresLocation) { self.location = location }

    /// Starts the thread, which ends after ``stop()``.
    func start() throws(SystemError) {
        try DedicatedThread.start(name: "postgres-watch") { self.run() }
    }

    /// Ends the thread soon.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Watches a connection while it is used.
    func watch<Value>(
        _ connection: PostgresConnection,
        _ work: () throws -> Value
    ) rethrows -> Value {
        let socket = connection.socket
        watched.withLock { _ = $0.insert(socket) }
        // Before it can be closed, and another one gets its number.
        defer { watched.withLock { _ = $0.remove(socket) } }
        return try work()
    }

    private func run() {
        while !isStopped.load(ordering: .relaxed) {
            sleep(1)
            guard watched.withLock({ $0.contains(where: Self.isSilent) }) else { continue }
            let begin = ContinuousClock.now
            do throws(PostgresFault) {
                _ = try PostgresConnection(location.connectionString)
                // It is slow, and goes on.
                sleep(2)
            } catch {
                guard ContinuousClock.now - begin > Self.silence else { continue }
                watched.withLock { watched in
                    for socket in watched where Self.isSilent(socket) {
                        shutdown(socket, Int32(SHUT_RDWR))
                    }
                }
            }
        }
    }

    private static func isSilent(_ socket: Int32) -> Bool {
        plm_pg_silence(socket) > patience
    }
}
