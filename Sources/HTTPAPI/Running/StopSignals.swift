@preconcurrency import Dispatch
import Glibc
import Logging
import Synchronization

/// Handles SIGTERM and SIGINT: the first requests a stop, the second ends the process at once.
final class StopSignals: Sendable {
    /// Finishes at the first signal.
    let requested: AsyncStream<Void>
    /// Held because a source is cancelled when its last reference is released.
    private let sources: [any DispatchSourceSignal]

    /// Takes over both signals.
    ///
    /// - Parameter logger: Receives a line for each signal.
    init(logger: Logger) {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        requested = stream
        let queue = DispatchQueue(label: "palimpsest.signals")
        let count = SignalCount()
        sources = [SIGTERM, SIGINT].map { number in
            // Ignore the signal before activating the source, whose handler libdispatch then
            // installs.
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
                metadata: ["signal": .stringConvertible(number)]
            )
            _exit(128 + number)
        }
        logger.notice("stopping", metadata: ["signal": .stringConvertible(number)])
        continuation.finish()
    }
}

/// Tells the first signal from later ones.
final class SignalCount: Sendable {
    private let hasCome = Atomic<Bool>(false)

    /// Returns whether this is the first call.
    func isFirst() -> Bool {
        hasCome.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
            .exchanged
    }
}
