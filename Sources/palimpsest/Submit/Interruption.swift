@preconcurrency import Dispatch
import Glibc

/// Handles SIGINT and SIGTERM: terminates the child programs, then exits with status 128 plus the
/// signal.
struct Interruption {
    /// Kept alive, because a released source is cancelled.
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "palimpsest.signals")
        sources = [SIGINT, SIGTERM].map { number in
            // Ignore the signal before activating the source: libdispatch then installs its own
            // handler.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { Self.end(number) }
            source.activate()
            return source
        }
    }

    private static func end(_ number: Int32) {
        RunningPrograms.end()
        StandardError.write(
            "\ninterrupted; run the same command with --skip-existing to continue\n"
        )
        _exit(128 + number)
    }
}
