/// Limits the rate at which a key creates jobs.
///
/// It is a bucket that holds one minute's jobs and refills evenly. The generic cell rate algorithm
/// (ITU-T I.371) needs only one number per key: the time when the bucket will be full.
public struct JobRate: Sendable, Equatable {
    /// The period of the quota in seconds.
    public static let windowSeconds = 60

    private var fullAt: ContinuousClock.Instant

    /// Creates a full bucket.
    ///
    /// - Parameter now: The current time or an earlier one.
    public init(now: ContinuousClock.Instant) {
        fullAt = now
    }

    /// Takes one job from the bucket.
    ///
    /// - Parameters:
    ///   - perMinute: The bucket's capacity, at least 1; it may differ between calls.
    ///   - now: The current time.
    /// - Returns: Whether a job was available; if not, nothing changes.
    public mutating func take(perMinute: Int, now: ContinuousClock.Instant) -> Bool {
        guard availableQuota(perMinute: perMinute, now: now).remaining > 0 else { return false }
        fullAt = max(fullAt, now) + .nanoseconds(Self.interval(perMinute))
        return true
    }

    /// Returns a job that was taken but not created.
    ///
    /// - Parameter perMinute: The value passed to ``take(perMinute:now:)``.
    public mutating func giveBack(perMinute: Int) {
        fullAt -= .nanoseconds(Self.interval(perMinute))
    }

    /// Whether the bucket is full and hence need not be stored.
    public func isFull(now: ContinuousClock.Instant) -> Bool {
        fullAt <= now
    }

    /// Returns the content of the bucket.
    ///
    /// - Parameters:
    ///   - perMinute: The bucket's capacity, at least 1.
    ///   - now: The current time.
    /// - Returns: The number of jobs that may be created now, and the time until there is one more.
    ///   The time is `nil` if the bucket is full.
    public func availableQuota(
        perMinute: Int,
        now: ContinuousClock.Instant
    ) -> (remaining: Int, untilNext: Duration?) {
        guard !isFull(now: now) else { return (perMinute, nil) }
        let interval = Self.interval(perMinute)
        let missing = (fullAt - now).nanoseconds
        let remaining = max(0, perMinute - Int((missing + interval - 1) / interval))
        return (remaining, .nanoseconds(missing - interval * Int64(perMinute - remaining - 1)))
    }

    /// The time in nanoseconds in which the bucket gains one job.
    private static func interval(_ perMinute: Int) -> Int64 {
        Int64(windowSeconds) * 1_000_000_000 / Int64(max(perMinute, 1))
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded up.
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + (components.attoseconds + 999_999_999) / 1_000_000_000
    }
}
