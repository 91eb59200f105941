@preconcurrency import Dispatch
import Glibc

/// Ends the process at Ctrl-C and SIGTERM as it would end without this, but not before the programs that run for it.
struct Interruption {
    /// Kept, since a source that nobody holds is cancelled.
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "palimpsest.signals")
        sources = [SIGINT, SIGTERM].map { number in
            // Before the source is active: libdispatch puts its own handler in this one's place.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { Self.end(number) }
            source.activate()
            return source
        }
    }

    private static func end(_ number: Int32) {
        RunningPrograms.end()
        StandardError.write("\ninterrupted; the same call with --skip-existing goes on\n")
        _exit(128 + number)
    }
}
