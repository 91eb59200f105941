import CLinux

/// A limit on the wall-clock time and the CPU time that a child spends on one step.
struct TimeLimit {
    /// How often to check the CPU time while the child is silent.
    private static let interval: Duration = .milliseconds(250)

    private let wallLimit: Duration
    private let deadline: ContinuousClock.Instant
    private let cpuLimit: Duration?
    private let cpuAtStart: UInt64
    private let pid: Int32

    /// Starts measuring.
    ///
    /// - Parameters:
    ///   - wallLimit: The most wall-clock time.
    ///   - cpuLimit: The most CPU time; `nil` for no limit.
    ///   - pid: The child.
    init(_ wallLimit: Duration, cpu cpuLimit: Duration?, pid: Int32) {
        self.wallLimit = wallLimit
        deadline = .now + wallLimit
        self.cpuLimit = cpuLimit
        self.pid = pid
        cpuAtStart = Self.cpuNanoseconds(of: pid) ?? 0
    }

    /// Returns which limit the child has exceeded, as a clause; `nil` for none.
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

    /// The `poll` timeout until the next check.
    var pollMilliseconds: Int32 {
        Self.milliseconds(min(Self.interval, ContinuousClock.now.duration(to: deadline)))
    }

    /// Converts a duration to a `poll` timeout of at least 0.
    ///
    /// It rounds up, so that the caller does not spin through the last millisecond.
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
