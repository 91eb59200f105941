import JobModel
import Synchronization

/// Counts the jobs that keys make a minute.
///
/// It does so in memory: a restart of the service gives every key its whole minute again.
final class RateLimiter: Sendable {
    /// So many keys are remembered before those are forgotten that have made no job of late.
    private static let capacity = 1024

    private let rates = Mutex<[APIKeyID: JobRate]>([:])

    /// Takes one job of a key's minute.
    ///
    /// - Returns: Whether there was one left.
    func take(_ key: APIKeyID, perMinute: Int, now: ContinuousClock.Instant = .now) -> Bool {
        rates.withLock { rates in
            if rates.count >= Self.capacity { rates = rates.filter { !$0.value.isFull(now: now) } }
            return rates[key, default: JobRate(now: now)].take(perMinute: perMinute, now: now)
        }
    }

    /// Puts a job back that was not made.
    func giveBack(_ key: APIKeyID, perMinute: Int) {
        rates.withLock { $0[key]?.giveBack(perMinute: perMinute) }
    }

    /// How many jobs a key may make at once, and how long it takes until it is one more.
    func standing(
        of key: APIKeyID,
        perMinute: Int,
        now: ContinuousClock.Instant = .now
    ) -> (remaining: Int, untilNext: Duration?) {
        rates.withLock { ($0[key] ?? JobRate(now: now)).standing(perMinute: perMinute, now: now) }
    }
}
