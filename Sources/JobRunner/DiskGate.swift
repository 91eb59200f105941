import Logging
import POSIX
import Synchronization

/// Keeps workers from claiming images while the disk has no room for the results, or the storage does
/// not answer.
///
/// That is no image's fault: they wait as long as necessary, and no attempt is counted against them.
final class DiskGate: Sendable {
    /// Why images wait.
    enum Reason: Sendable {
        /// The disk has no room.
        case full
        /// The storage does not answer.
        case away
    }

    private let freeBytes: @Sendable () -> UInt64?
    private let minFreeBytes: UInt64
    private let lackingReserve: @Sendable () -> UInt64
    private let pause: Duration
    private let logger: Logger
    private let disk: BlockingExecutor
    /// When to try again after the disk has refused a write, or the storage has not answered.
    private let closed = Mutex<(until: ContinuousClock.Instant, reason: Reason)?>(nil)
    /// What was logged last.
    private let told = Mutex<Reason?>(nil)

    /// Creates a gate.
    ///
    /// - Parameters:
    ///   - minFreeBytes: How many bytes must be free.
    ///   - lackingReserve: Returns how many more bytes must be free at the moment.
    ///   - pause: How long to wait between two checks.
    ///   - disk: Where the disk is asked.
    ///   - logger: Receives a line when images start to wait, and when they stop.
    ///   - freeBytes: Returns how many bytes are free; `nil` if that is unknown.
    init(
        minFreeBytes: UInt64,
        lackingReserve: @escaping @Sendable () -> UInt64 = { 0 },
        pause: Duration,
        disk: BlockingExecutor,
        logger: Logger,
        freeBytes: @escaping @Sendable () -> UInt64?
    ) {
        self.freeBytes = freeBytes
        self.minFreeBytes = minFreeBytes
        self.lackingReserve = lackingReserve
        self.pause = pause
        self.disk = disk
        self.logger = logger
    }

    /// Closes the gate for a while, because the disk refused a write, whatever it reports as free, or
    /// because the storage does not answer.
    func close(_ reason: Reason = .full) {
        closed.withLock { $0 = (.now + pause, reason) }
    }

    /// Waits until there is room or the task is cancelled.
    func waitForRoom() async {
        while !Task.isCancelled, let wait = await shortage() {
            tell(wait.reason)
            // If the sleep is cancelled, the loop's condition ends it.
            try? await Task.sleep(for: wait.duration)
        }
        if !Task.isCancelled { tell(nil) }
    }

    /// Returns how long to wait before the next check; `nil` if there is room.
    private func shortage() async -> (duration: Duration, reason: Reason)? {
        if let (end, reason) = closed.withLock({ $0 }), ContinuousClock.now < end {
            return (ContinuousClock.now.duration(to: end), reason)
        }
        // If the free space is unknown, a write will find out.
        let isLow = await disk.run { [freeBytes, minFreeBytes, lackingReserve] in
            (freeBytes() ?? .max) < minFreeBytes + lackingReserve()
        }
        return isLow ? (pause, .full) : nil
    }

    /// Logs a change once, however many workers notice it.
    private func tell(_ reason: Reason?) {
        let last = told.withLock { told in
            defer { told = reason }
            return told
        }
        guard last != reason else { return }
        switch reason ?? last {
        case .full where reason != nil:
            logger.error("the disk is nearly full, so images wait until there is room")
        case .full: logger.notice("the disk has room again")
        case .away where reason != nil:
            logger.error("the storage does not answer, so images wait until it does")
        case .away: logger.notice("the storage is tried again")
        case nil: break
        }
    }
}
