import Logging
import POSIX
import Synchronization

/// Keeps workers from taking on images while the disk has no room for what they would write.
///
/// A full disk is nobody's fault: images wait for it as long as it takes, and nothing is counted
/// against them.
final class DiskGate: Sendable {
    private let freeBytes: @Sendable () -> UInt64?
    private let minFreeBytes: UInt64
    private let lackingReserve: @Sendable () -> UInt64
    private let pause: Duration
    private let logger: Logger
    private let disk: BlockingExecutor
    /// When the disk, which has refused something, may be tried again.
    private let closedUntil = Mutex<ContinuousClock.Instant?>(nil)
    private let isLow = Mutex(false)

    /// - Parameters:
    ///   - minFreeBytes: How many must be free.
    ///   - lackingReserve: How many more must be free at the moment.
    ///   - pause: How long to wait between two looks.
    ///   - disk: Where the disk is asked.
    ///   - logger: Told when images begin to wait, and when they go on.
    ///   - freeBytes: How many are free; `nil` if the disk does not tell.
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

    /// Notes that the disk has refused something, whatever it says of its free bytes.
    func close() {
        closedUntil.withLock { $0 = .now + pause }
    }

    /// Waits until there is room, or the task is cancelled.
    func waitForRoom() async {
        while !Task.isCancelled, let wait = await shortage() {
            tell(true)
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: wait)
        }
        if !Task.isCancelled { tell(false) }
    }

    /// How long to wait before looking again; `nil` if there is room.
    private func shortage() async -> Duration? {
        if let end = closedUntil.withLock({ $0 }), ContinuousClock.now < end {
            return ContinuousClock.now.duration(to: end)
        }
        // A disk that cannot be asked is found out when it is written to.
        let isLow = await disk.run { [freeBytes, minFreeBytes, lackingReserve] in
            (freeBytes() ?? .max) < minFreeBytes + lackingReserve()
        }
        return isLow ? pause : nil
    }

    /// Says it once, however many workers find it out.
    private func tell(_ nowLow: Bool) {
        let hasChanged = isLow.withLock { isLow in
            defer { isLow = nowLow }
            return isLow != nowLow
        }
        guard hasChanged else { return }
        if nowLow {
            logger.error("The disk is nearly full, so images wait until there is room")
        } else {
            logger.notice("The disk has room again")
        }
    }
}
