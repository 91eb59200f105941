import HTTPWire
import SocketIO

/// The deadlines of a connection.
///
/// All times are nanoseconds of uptime.
struct ConnectionDeadlines: Sendable {
    private let timeouts: HTTPTimeouts
    private var waiting = ConnectionMachine.Waiting.nothing
    private var waitStart: UInt64 = 0
    private var waitDeadline = UInt64.max
    private var pace: TransferPace
    /// Whether bytes have arrived since the wait for a body began, or was last extended.
    private var hasReceived = false
    private var output = OutputPace()
    private var drainingBegins = false

    /// Whether the server is draining.
    ///
    /// Draining shortens the wait for a request that has not begun and for a reader that takes
    /// nothing.
    var isDraining = false {
        didSet {
            guard isDraining, !oldValue else { return }
            drainingBegins = true
            guard waiting == .head else { return }
            waitDeadline = min(
                waitDeadline,
                waitStart + timeouts.newConnectionWhenDraining.nanoseconds
            )
        }
    }

    init(_ timeouts: HTTPTimeouts) {
        self.timeouts = timeouts
        pace = TransferPace(timeouts)
    }

    mutating func received(_ count: Int) {
        pace.received(count)
        hasReceived = true
    }

    /// Updates the deadlines and returns when to check them again.
    ///
    /// - Parameters:
    ///   - newWaiting: What the machine waits for.
    ///   - hasOutput: Whether output is pending.
    ///   - sentBytes: The number of bytes that have left this process.
    ///   - progress: The peer's progress, queried only when needed.
    ///   - now: The current time.
    /// - Returns: When to call ``isReaderStalled(progress:now:)`` and
    ///   ``hasWaitExpired(progress:now:)``.
    mutating func update(
        waiting newWaiting: ConnectionMachine.Waiting,
        hasOutput: Bool,
        sentBytes: UInt64,
        progress: () -> PeerProgress,
        now: UInt64
    ) -> UInt64 {
        if newWaiting != waiting || hasReceived && waiting == .body {
            if waiting == .body { pace.waited(now - waitStart) }
            if newWaiting == .head || newWaiting == .idle { pace = TransferPace(timeouts) }
            if newWaiting == .body, let arrived = progress().arrived { pace.arrived(arrived) }
            waiting = newWaiting
            waitStart = now
            waitDeadline = timeout.map { now + $0 } ?? .max
        }
        hasReceived = false
        if drainingBegins {
            drainingBegins = false
            output.restart(now: now)
        }
        let nextCheck = output.update(
            hasOutput: hasOutput,
            sentBytes: sentBytes,
            limits: stallLimits,
            progress: progress,
            now: now
        )
        return min(waitDeadline, nextCheck)
    }

    /// Whether the awaited event has missed its deadline.
    mutating func hasWaitExpired(progress: PeerProgress, now: UInt64) -> Bool {
        guard now >= waitDeadline else { return false }
        guard waiting == .body, let arrived = progress.arrived, pace.arrived(arrived) else {
            return true
        }
        // Bytes have arrived that cannot be read yet: the beginning of a TLS record.
        pace.waited(now - waitStart)
        waitStart = now
        waitDeadline = now + pace.timeout
        return now >= waitDeadline
    }

    /// Whether the reader has taken nothing for too long.
    mutating func isReaderStalled(progress: PeerProgress, now: UInt64) -> Bool {
        output.isStalled(limits: stallLimits, progress: progress, now: now)
    }

    private var stallLimits: OutputPace.StallLimits {
        OutputPace.StallLimits(
            silence: (isDraining ? min(timeouts.write, timeouts.writeWhenDraining) : timeouts.write)
                .nanoseconds,
            longestCredit: isDraining ? 0 : timeouts.readerCredit.nanoseconds,
            bytesPerSecond: timeouts.readerCreditBytesPerSecond
        )
    }

    private var timeout: UInt64? {
        switch waiting {
        case .nothing: nil
        case .idle: timeouts.idle.nanoseconds
        case .head: timeouts.head.nanoseconds
        case .body: pace.timeout
        case .end: timeouts.linger.nanoseconds
        }
    }
}
