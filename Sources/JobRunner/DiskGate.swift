import Logging
import POSIX
import Synchronization

/// Keeps workers from claiming images while the disk has no room for the results.
///
/// A full disk is nobody's fault: images wait as long as necessary, and no attempt is counted
/// against them.
final class DiskGate: Sendable {
    private let freeBytes: @Sendable () -> UInt64?
    private let minFreeBytes: UInt64
    private let lackingReserve: @Sendable () -> UInt64
    private let pause: Duration
    private let logger: Logger
    private let disk: BlockingExecutor
    /// When to try the disk again after it has refused a write.
    private let closedUntil = Mutex<ContinuousClock.Instant?>(nil)
    private let isLow = Mutex(false)

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

    /// Closes the gate for a while, because the disk refused a write, whatever it reports as free.
    func close() {
        closedUntil.withLock { $0 = .now + pause }
    }

    /// Waits until there is room or the task is cancelled.
    func waitForRoom() async {
        while !Task.isCancelled, let wait = await shortage() {
            tell(true)
            // If the sleep is cancelled, the loop's condition ends it.
            try? await Task.sleep(for: wait)
        }
        if !Task.isCancelled { tell(false) }
    }

    /// Returns how long to wait before the next check; `nil` if there is room.
    private func shortage() async -> Duration? {
        if let end = closedUntil.withLock({ $0 }), ContinuousClock.now < end {
            return ContinuousClock.now.duration(to: end)
        }
        // If the free space is unknown, a write will find out.
        let isLow = await disk.run { [freeBytes, minFreeBytes, lackingReserve] in
            (freeBytes() ?? .max) < minFreeBytes + lackingReserve()
        }
        return isLow ? pause : nil
    }

    /// Logs a change once, however many workers notice it.
    private func tell(_ nowLow: Bool) {
        let hasChanged = isLow.withLock { isLow in
            defer { isLow = nowLow }
            return isLow != nowLow
        }
        guard hasChanged else { return }
        if nowLow {
            logger.error("the disk is nearly full, so images wait until there is room")
        } else {
            logger.notice("the disk has room again")
        }
    }
}
