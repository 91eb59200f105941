/// How many jobs a key has made of late: a bucket that holds the jobs of a minute and is refilled evenly.
///
/// It is the generic cell rate algorithm (ITU-T I.371), which needs one moment for each key: the one when the bucket is full again.
public struct JobRate: Sendable, Equatable {
    /// The seconds for which the quota is given.
    public static let windowSeconds = 60

    private var fullAt: ContinuousClock.Instant

    /// A full bucket.
    ///
    /// - Parameter now: Any moment that is not in the future.
    public init(now: ContinuousClock.Instant) {
        fullAt = now
    }

    /// Takes one job out of the bucket.
    ///
    /// - Parameters:
    ///   - perMinute: What the bucket holds, at least 1; it may change from call to call.
    ///   - now: The present moment.
    /// - Returns: Whether there was one; otherwise nothing changes.
    public mutating func take(perMinute: Int, now: ContinuousClock.Instant) -> Bool {
        guard standing(perMinute: perMinute, now: now).remaining > 0 else { return false }
        fullAt = max(fullAt, now) + .nanoseconds(Self.interval(perMinute))
        return true
    }

    /// Puts a job back that was taken but not made.
    ///
    /// - Parameter perMinute: As it was for ``take(perMinute:now:)``.
    public mutating func giveBack(perMinute: Int) {
        fullAt -= .nanoseconds(Self.interval(perMinute))
    }

    /// Whether the bucket is full, so that it need not be remembered.
    public func isFull(now: ContinuousClock.Instant) -> Bool {
        fullAt <= now
    }

    /// What is in the bucket.
    ///
    /// - Parameters:
    ///   - perMinute: What the bucket holds, at least 1.
    ///   - now: The present moment.
    /// - Returns: How many jobs may be made at once, and how long it takes until it is one more; `nil` if the bucket is full.
    public func standing(
        perMinute: Int,
        now: ContinuousClock.Instant
    ) -> (remaining: Int, untilNext: Duration?) {
        guard !isFull(now: now) else { return (perMinute, nil) }
        let interval = Self.interval(perMinute)
        let missing = (fullAt - now).nanoseconds
        let remaining = max(0, perMinute - Int((missing + interval - 1) / interval))
        return (remaining, .nanoseconds(missing - interval * Int64(perMinute - remaining - 1)))
    }

    /// The nanoseconds in which one job is added.
    private static func interval(_ perMinute: Int) -> Int64 {
        Int64(windowSeconds) * 1_000_000_000 / Int64(max(perMinute, 1))
    }
}

extension Duration {
    /// Whole nanoseconds, rounded up.
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + (components.attoseconds + 999_999_999) / 1_000_000_000
    }
}
