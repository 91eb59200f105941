import CLinux

/// The time that a child may take for one thing, by the clock and by its processor time.
struct Watch {
    /// How often the processor time is looked at while the child is silent.
    private static let interval: Duration = .milliseconds(250)

    private let wallLimit: Duration
    private let deadline: ContinuousClock.Instant
    private let cpuLimit: Duration?
    private let cpuAtStart: UInt64
    private let pid: Int32

    /// Starts to measure now.
    ///
    /// - Parameters:
    ///   - wallLimit: The longest time by the clock.
    ///   - cpuLimit: The most processor time; `nil` for no limit.
    ///   - pid: The child.
    init(_ wallLimit: Duration, cpu cpuLimit: Duration?, pid: Int32) {
        self.wallLimit = wallLimit
        deadline = .now + wallLimit
        self.cpuLimit = cpuLimit
        self.pid = pid
        cpuAtStart = Self.cpuNanoseconds(of: pid) ?? 0
    }

    /// Which limit is exceeded, as a clause about the child.
    func exceeded() -> String? {
        if ContinuousClock.now >= deadline {
            return "it took longer than \(Self.seconds(wallLimit)) s"
        }
        if let cpuLimit, let used = Self.cpuNanoseconds(of: pid),
            .nanoseconds(Int64(clamping: used - min(used, cpuAtStart))) > cpuLimit
        {
            return "it used more than \(Self.seconds(cpuLimit)) s of processor time"
        }
        return nil
    }

    /// How long to sleep before looking again, for `poll`.
    var pollMilliseconds: Int32 {
        Self.milliseconds(min(Self.interval, ContinuousClock.now.duration(to: deadline)))
    }

    /// A duration for `poll`: rounded up, so that it does not spin through the last millisecond; at
    /// least 0.
    static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        guard duration > .zero else { return 0 }
        return Int32(
            clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds
                / 1_000_000_000_000_000
                + 1
        )
    }

    private static func cpuNanoseconds(of pid: Int32) -> UInt64? {
        var nanoseconds: UInt64 = 0
        return plm_cpu_time(pid, &nanoseconds) == 0 ? nanoseconds : nil
    }

    private static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let tenths = attoseconds / 100_000_000_000_000_000
        return tenths == 0 ? String(seconds) : "\(seconds).\(tenths)"
    }
}
