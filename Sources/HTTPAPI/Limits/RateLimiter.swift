import JobModel
import Synchronization

/// Limits the jobs that each key creates per minute.
///
/// The counts are in memory only: a restart of the service gives every key its full quota again.
final class RateLimiter: Sendable {
    /// The number of keys above which those with a full quota are forgotten.
    private static let capacity = 1024

    private let rates = Mutex<[APIKeyID: JobRate]>([:])
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// Starts with a full quota for every key.
    ///
    /// - Parameter clock: Tells the time; a test may stop it.
    init(clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.clock = clock
    }

    /// Takes one job from a key's quota; returns whether one was available.
    func take(_ key: APIKeyID, perMinute: Int) -> Bool {
        let now = clock()
        return rates.withLock { rates in
            if rates.count >= Self.capacity { rates = rates.filter { !$0.value.isFull(now: now) } }
            return rates[key, default: JobRate(now: now)].take(perMinute: perMinute, now: now)
        }
    }

    /// Returns a job that was taken but not created.
    func giveBack(_ key: APIKeyID, perMinute: Int) {
        rates.withLock { $0[key]?.giveBack(perMinute: perMinute) }
    }

    /// Returns the number of jobs available to a key now, and the time until one more is.
    func availableQuota(
        of key: APIKeyID,
        perMinute: Int
    ) -> (remaining: Int, untilNext: Duration?) {
        let now = clock()
        return rates.withLock {
            ($0[key] ?? JobRate(now: now)).availableQuota(perMinute: perMinute, now: now)
        }
    }
}
