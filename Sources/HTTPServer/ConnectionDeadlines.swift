import HTTPWire
import SocketIO

/// When a connection's patience ends.
///
/// All times are nanoseconds of uptime.
struct ConnectionDeadlines: Sendable {
    private let timeouts: HTTPTimeouts
    private var waiting = ConnectionMachine.Waiting.nothing
    private var waitStart: UInt64 = 0
    private var waitDeadline = UInt64.max
    private var pace: TransferPace
    private var output = OutputPace()
    private var drainingBegins = false

    /// Whether the server drains, which shortens the wait for a request that has not begun and for a reader who takes nothing.
    var isDraining = false {
        didSet {
            guard isDraining, !oldValue else { return }
            drainingBegins = true
            guard waiting == .head else { return }
            waitDeadline = min(waitDeadline, waitStart + timeouts.newConnectionWhenDraining.nanoseconds)
        }
    }

    init(_ timeouts: HTTPTimeouts) {
        self.timeouts = timeouts
        pace = TransferPace(timeouts)
    }

    mutating func received(_ count: Int) {
        pace.received(count)
    }

    /// Takes note of what is waited for now, and returns when to look again.
    ///
    /// - Parameters:
    ///   - newWaiting: What the machine waits for.
    ///   - hasOutput: Whether bytes wait to leave.
    ///   - sentBytes: What has left this process.
    ///   - progress: How far the peer is; asked only when it is needed.
    ///   - now: The time.
    /// - Returns: When ``isReaderStalled(progress:now:)`` and ``hasWaitExpired(progress:now:)`` are to be asked.
    mutating func update(
        waiting newWaiting: ConnectionMachine.Waiting,
        hasOutput: Bool,
        sentBytes: UInt64,
        progress: () -> PeerProgress,
        now: UInt64
    ) -> UInt64 {
        if newWaiting != waiting {
            if waiting == .body { pace.waited(now - waitStart) }
            if newWaiting == .head || newWaiting == .idle { pace = TransferPace(timeouts) }
            if newWaiting == .body, let arrived = progress().arrived { pace.arrived(arrived) }
            waiting = newWaiting
            waitStart = now
            waitDeadline = patience.map { now + $0 } ?? .max
        }
        if drainingBegins {
            drainingBegins = false
            output.restart(now: now)
        }
        let look = output.update(
            hasOutput: hasOutput,
            sentBytes: sentBytes,
            patience: writePatience,
            progress: progress,
            now: now
        )
        return min(waitDeadline, look)
    }

    /// Whether what was waited for has not come in time.
    mutating func hasWaitExpired(progress: PeerProgress, now: UInt64) -> Bool {
        guard now >= waitDeadline else { return false }
        guard waiting == .body, let arrived = progress.arrived, pace.arrived(arrived) else { return true }
        // Bytes have come of which nothing can be read yet, the beginning of a record of TLS.
        pace.waited(now - waitStart)
        waitStart = now
        waitDeadline = now + pace.patience
        return now >= waitDeadline
    }

    /// Whether the reader has taken nothing for too long.
    mutating func isReaderStalled(progress: PeerProgress, now: UInt64) -> Bool {
        output.isStalled(patience: writePatience, progress: progress, now: now)
    }

    private var writePatience: OutputPace.Patience {
        OutputPace.Patience(
            silence: (isDraining ? min(timeouts.write, timeouts.writeWhenDraining) : timeouts.write).nanoseconds,
            longestCredit: isDraining ? 0 : timeouts.readerCredit.nanoseconds,
            bytesPerSecond: timeouts.readerCreditBytesPerSecond
        )
    }

    private var patience: UInt64? {
        switch waiting {
        case .nothing: nil
        case .idle: timeouts.idle.nanoseconds
        case .head: timeouts.head.nanoseconds
        case .body: pace.patience
        case .end: timeouts.linger.nanoseconds
        }
    }
}
