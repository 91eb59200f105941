import JobModel
import JobRunner
import Queue

/// Estimates when jobs will end, from the queue and the measured speed of the workers.
///
/// Each estimate needs the whole queue, so the queue is cached: for a second, or for twenty times
/// as long as reading it took if that is longer.
actor Forecast {
    private static let minCacheTime: Duration = .seconds(1)
    private static let cacheFactor = 20

    private let store: any JobCatalog
    private let meter: ThroughputMeter
    private let codecs: Int
    private var cached: (queue: QueueForecast, goodUntil: ContinuousClock.Instant)?
    private var refresh: Task<QueueForecast, any Error>?

    /// Creates a forecast without a cached queue.
    ///
    /// - Parameters:
    ///   - store: The store that has the queue.
    ///   - meter: The measured speed of one codec process.
    ///   - codecs: The number of codec processes.
    init(store: any JobCatalog, meter: ThroughputMeter, codecs: Int) {
        self.store = store
        self.meter = meter
        self.codecs = codecs
    }

    /// Returns the time until a job ends, assuming that no more work arrives.
    ///
    /// - Parameter job: A job in any state.
    /// - Returns: Whole seconds, rounded up; `nil` for a job that has ended, and before any
    ///   measurement.
    /// - Throws: Faults of the store.
    func seconds(untilEndOf job: Job) async throws -> Int? {
        guard !job.state.isTerminal, let speed = meter.pixelsPerSecond, speed > 0 else {
            return nil
        }
        let pixels = try await queue().pixels(untilEndOf: job.work)
        return Int(exactly: (Double(pixels) / (speed * Double(codecs))).rounded(.up))
    }

    private func queue() async throws -> QueueForecast {
        if let cached, ContinuousClock.now < cached.goodUntil { return cached.queue }
        // Concurrent callers share one query.
        if let refresh { return try await refresh.value }
        let task = Task { [store] in QueueForecast(try await store.unfinishedWork()) }
        refresh = task
        defer { refresh = nil }
        let start = ContinuousClock.now
        let queue = try await task.value
        let end = ContinuousClock.now
        cached = (queue, end + max(Self.minCacheTime, (end - start) * Self.cacheFactor))
        return queue
    }
}

extension API {
    /// The bounds of `Retry-After` in seconds.
    private static let retryAfterBounds = 1...30

    /// Returns the value of `Retry-After` for a job that has not ended.
    ///
    /// This is the estimate, limited to 1 to 30 seconds; 1 without an estimate.
    static func retryAfter(_ etaSeconds: Int?) -> String {
        let seconds = etaSeconds ?? retryAfterBounds.lowerBound
        return String(min(max(seconds, retryAfterBounds.lowerBound), retryAfterBounds.upperBound))
    }
}
