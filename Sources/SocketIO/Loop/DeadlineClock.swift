@preconcurrency import Dispatch

/// An actor with a deadline, on the executor of the clock's ``Shard``.
public protocol DeadlineOwner: Actor {
    /// Called at the deadline or shortly after.
    ///
    /// The deadline is then cleared; set a new one if needed.
    func deadlinePassed()
}

/// The coarse timer of a ``Shard``, which fires every 250 ms while there is any deadline.
public actor DeadlineClock {
    private static let nanosecondsPerTick: UInt64 = 250_000_000

    private nonisolated let executor: QueueExecutor
    private let timer: any DispatchSourceTimer
    private var wheel: DeadlineWheel<ObjectIdentifier>
    private var owners: [ObjectIdentifier: any DeadlineOwner] = [:]
    private var isRunning = false

    /// The executor of the shard's queue.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init(executor: QueueExecutor) {
        self.executor = executor
        wheel = DeadlineWheel(now: Self.tick())
        timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.schedule(deadline: .now(), repeating: .milliseconds(250), leeway: .milliseconds(50))
    }

    deinit {
        // Releasing a source that is suspended or was never activated crashes the process.
        if !isRunning { timer.resume() }
        timer.cancel()
    }

    /// Sets the owner's only deadline, in the nanoseconds of ``now()``, rounded up to the next
    /// tick.
    ///
    /// The clock keeps the owner alive until then, or until ``remove(_:)``.
    public func set(_ owner: some DeadlineOwner, to uptime: UInt64) {
        let key = ObjectIdentifier(owner)
        owners[key] = owner
        let tick = uptime / Self.nanosecondsPerTick + 1
        wheel.set(key, to: Int(clamping: tick))
        guard !isRunning else { return }
        isRunning = true
        Self.install(self, on: timer)
        timer.resume()
    }

    /// Clears the owner's deadline.
    public func remove(_ owner: some DeadlineOwner) {
        let key = ObjectIdentifier(owner)
        owners[key] = nil
        wheel.remove(key)
    }

    /// The monotonic time in nanoseconds since a fixed moment.
    public nonisolated static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    private static func tick() -> Int { Int(clamping: now() / nanosecondsPerTick) }

    private nonisolated static func install(
        _ clock: DeadlineClock,
        on timer: any DispatchSourceTimer
    ) {
        timer.setEventHandler { [weak clock] in clock?.assumeIsolated { $0.fire() } }
    }

    private func fire() {
        for key in wheel.advance(to: Self.tick()) {
            guard let owner = owners.removeValue(forKey: key) else { continue }
            owner.pass()
        }
        if wheel.isEmpty, isRunning {
            isRunning = false
            timer.suspend()
        }
    }
}

extension DeadlineOwner {
    /// Enters the owner, which is on the clock's own queue.
    fileprivate nonisolated func pass() {
        assumeIsolated { $0.deadlinePassed() }
    }
}
