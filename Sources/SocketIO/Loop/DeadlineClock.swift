@preconcurrency import Dispatch

/// An actor with a deadline, on the executor of the ``Shard`` that keeps it.
public protocol DeadlineOwner: Actor {
    /// The deadline has passed, or a little later. It is forgotten; set a new one if needed.
    func deadlinePassed()
}

/// The one coarse timer of a ``Shard``: it fires every 250 ms while there is a deadline, and rests
/// otherwise.
public actor DeadlineClock {
    private static let nanosecondsPerTick: UInt64 = 250_000_000

    private nonisolated let executor: QueueExecutor
    private let timer: any DispatchSourceTimer
    private var wheel: DeadlineWheel<ObjectIdentifier>
    private var owners: [ObjectIdentifier: any DeadlineOwner] = [:]
    private var isRunning = false

    /// The queue's executor.
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
        // Releasing a source that is suspended or was never activated ends the process.
        if !isRunning { timer.resume() }
        timer.cancel()
    }

    /// Sets the owner's one deadline, in nanoseconds of uptime as ``now()`` counts them; rounded up
    /// to the next tick.
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

    /// Forgets the owner.
    public func remove(_ owner: some DeadlineOwner) {
        let key = ObjectIdentifier(owner)
        owners[key] = nil
        wheel.remove(key)
    }

    /// Nanoseconds since some fixed moment, never going back.
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
