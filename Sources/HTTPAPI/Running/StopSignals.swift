@preconcurrency import Dispatch
import Glibc
import Logging
import Synchronization

/// Turns SIGTERM and SIGINT into events: the first asks the service to stop, the second ends the process at once.
final class StopSignals: Sendable {
    /// Ends with the first signal.
    let requested: AsyncStream<Void>
    /// Kept, since a source that nobody holds is cancelled.
    private let sources: [any DispatchSourceSignal]

    /// Takes the signals over from now on.
    ///
    /// - Parameter logger: Gets a line for each.
    init(logger: Logger) {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        requested = stream
        let queue = DispatchQueue(label: "palimpsest.signals")
        let count = SignalCount()
        sources = [SIGTERM, SIGINT].map { number in
            // Before the source is active: libdispatch puts its own handler in this one's place.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { Self.receive(number, count, continuation, logger) }
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    private static func receive(
        _ number: Int32,
        _ count: SignalCount,
        _ continuation: AsyncStream<Void>.Continuation,
        _ logger: Logger
    ) {
        guard count.isFirst() else {
            logger.warning(
                "a second signal ends the service at once",
                metadata: ["signal": "\(number)"]
            )
            _exit(128 + number)
        }
        logger.notice("stopping", metadata: ["signal": "\(number)"])
        continuation.finish()
    }
}

/// Tells the first signal from the others.
final class SignalCount: Sendable {
    private let hasCome = Atomic<Bool>(false)

    /// Whether this is the first call.
    func isFirst() -> Bool {
        hasCome.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
            .exchanged
    }
}
