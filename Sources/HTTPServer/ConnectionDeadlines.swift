import HTTPWire

/// When a connection's patience ends.
///
/// All times are nanoseconds of uptime.
struct ConnectionDeadlines: Sendable {
    private let timeouts: HTTPTimeouts
    private var waiting = ConnectionMachine.Waiting.nothing
    private var waitStart: UInt64 = 0
    private var waitDeadline = UInt64.max
    private var writeDeadline = UInt64.max
    private var sentBytes: UInt64 = 0
    private var pace: TransferPace

    /// Whether the server drains, which shortens the wait for a request that has not begun and for a reader who takes nothing.
    var isDraining = false {
        didSet {
            guard isDraining, !oldValue, waiting == .head else { return }
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

    /// Takes note of what is waited for now, and returns the nearer of the two deadlines.
    mutating func update(
        waiting newWaiting: ConnectionMachine.Waiting,
        hasOutput: Bool,
        sentBytes newSentBytes: UInt64,
        now: UInt64
    ) -> UInt64 {
        if newWaiting != waiting {
            if waiting == .body { pace.waited(now - waitStart) }
            if newWaiting == .head || newWaiting == .idle { pace = TransferPace(timeouts) }
            waiting = newWaiting
            waitStart = now
            waitDeadline = patience.map { now + $0 } ?? .max
        }
        let writePatience = isDraining ? min(timeouts.write, timeouts.writeWhenDraining) : timeouts.write
        if !hasOutput {
            writeDeadline = .max
        } else if writeDeadline == .max || newSentBytes != sentBytes {
            writeDeadline = now + writePatience.nanoseconds
        } else {
            writeDeadline = min(writeDeadline, now + writePatience.nanoseconds)
        }
        sentBytes = newSentBytes
        return min(waitDeadline, writeDeadline)
    }

    func hasWaitExpired(now: UInt64) -> Bool { now >= waitDeadline }

    func hasWriteExpired(now: UInt64, sentBytes newSentBytes: UInt64) -> Bool {
        now >= writeDeadline && newSentBytes == sentBytes
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
