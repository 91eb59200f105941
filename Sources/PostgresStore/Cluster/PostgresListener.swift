import Glibc
import POSIX
import Queue
import SQLStore
import Synchronization

/// Hears the hints of other processes, on a connection and a thread of its own, and looks twice a
/// second at the jobs that somebody watches, since hints may be lost.
final class PostgresListener: Sendable {
    /// Every ten seconds.
    private static let looksBetweenProbes = 20

    private let location: PostgresLocation
    private let parts: StoreParts
    private let counts: HintCounts
    private let look: @Sendable () -> Void
    private let isStopped = Atomic(false)
    private let isRunning = Atomic(false)

    /// Creates a listener; ``start()`` begins.
    ///
    /// - Parameters:
    ///   - location: Where the database is.
    ///   - parts: Who is woken.
    ///   - counts: Where hints are counted.
    ///   - look: Looks at the jobs that are watched.
    init(
        _ location: PostgresLocation,
        parts: StoreParts,
        counts: HintCounts,
        look: @escaping @Sendable () -> Void
    ) {
        self.location = location
        self.parts = parts
        self.counts = counts
        self.look = look
    }

    /// Starts the thread, which ends after ``stop()``.
    ///
    /// - Parameter watchdog: Notices a server that falls silent.
    /// - Throws: `SystemError` if there is no thread.
    func start(watchedBy watchdog: PostgresWatchdog) throws(SystemError) {
        isRunning.store(true, ordering: .releasing)
        do throws(SystemError) {
            try DedicatedThread.start(name: "postgres-hints") {
                self.run(watchdog)
                self.isRunning.store(false, ordering: .releasing)
            }
        } catch {
            isRunning.store(false, ordering: .releasing)
            throw error
        }
    }

    /// Ends the thread, and waits for that for some seconds at most: a process that ends while libpq
    /// connects may crash.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        let deadline = ContinuousClock.now + .seconds(3)
        while isRunning.load(ordering: .acquiring), ContinuousClock.now < deadline {
            Pause.random(upTo: 0.02)
        }
    }

    private var goesOn: Bool { !isStopped.load(ordering: .relaxed) }

    private func run(_ watchdog: PostgresWatchdog) {
        while goesOn {
            do throws(PostgresFault) {
                let connection = try PostgresConnection(location.connectionString)
                let channels = StoreHint.allCases.map {
                    "LISTEN \(PostgresHints.channel($0, schema: location.schema))"
                }
                try connection.run(channels.joined(separator: "; "))
                // Whatever was told meanwhile was missed.
                for hint in StoreHint.allCases { wake(hint) }
                counts.listens(true)
                listen(on: connection, watchdog)
                counts.listens(false)
            } catch {
                look()
                Pause.random(upTo: 2)
            }
        }
    }

    private func listen(on connection: PostgresConnection, _ watchdog: PostgresWatchdog) {
        var looks = 0
        while goesOn {
            looks += 1
            // A connection that says nothing may be dead.
            if looks.isMultiple(of: Self.looksBetweenProbes),
                (try? watchdog.watch(connection, { try connection.run("SELECT 1") })) == nil
            {
                return
            }
            guard let heard = connection.notifications(within: 500) else { return }
            for hint in StoreHint.allCases
            where heard.contains(PostgresHints.channel(hint, schema: location.schema)) {
                counts.heard(hint)
                wake(hint)
            }
            look()
        }
    }

    private func wake(_ hint: StoreHint) {
        switch hint {
        case .work: parts.signal.notify()
        case .leases: parts.revocation.notify()
        case .keys: parts.forgetKeys()
        // Those are looked at in any case.
        case .jobs: break
        }
    }
}
