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

    private let store: any JobCatalog & ClusterCatalog
    private let meter: ThroughputMeter
    private let codecs: Int
    private var cached: (queue: Snapshot, goodUntil: ContinuousClock.Instant)?
    private var refresh: Task<Snapshot, any Error>?

    /// How long a node counts after it was last heard of.
    private static let nodeLifetime: Duration = .seconds(30)

    /// The queue, and what all nodes do in a second.
    private struct Snapshot {
        let queue: QueueForecast
        /// `nil` if no other node is known.
        let pixelsPerSecond: Double?
    }

    /// Creates a forecast without a cached queue.
    ///
    /// - Parameters:
    ///   - store: The store that has the queue.
    ///   - meter: The measured speed of one codec process.
    ///   - codecs: The number of codec processes.
    init(store: any JobCatalog & ClusterCatalog, meter: ThroughputMeter, codecs: Int) {
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
        guard !job.state.isTerminal else { return nil }
        let snapshot = try await snapshot()
        let own = meter.pixelsPerSecond.map { $0 * Double(codecs) }
        guard let speed = snapshot.pixelsPerSecond ?? own, speed > 0 else { return nil }
        let pixels = snapshot.queue.pixels(untilEndOf: job.work)
        return Int(exactly: (Double(pixels) / speed).rounded(.up))
    }

    private func snapshot() async throws -> Snapshot {
        if let cached, ContinuousClock.now < cached.goodUntil { return cached.queue }
        // Concurrent callers share one query.
        if let refresh { return try await refresh.value }
        let task = Task { [store] in
            Snapshot(
                queue: QueueForecast(try await store.unfinishedWork()),
                pixelsPerSecond: Self.speed(
                    of: try await store.nodes(seenWithin: Self.nodeLifetime)
                )
            )
        }
        refresh = task
        defer { refresh = nil }
        let start = ContinuousClock.now
        let queue = try await task.value
        let end = ContinuousClock.now
        cached = (queue, end + max(Self.minCacheTime, (end - start) * Self.cacheFactor))
        return queue
    }

    /// What nodes do in a second together; `nil` before any measurement.
    ///
    /// One that has measured nothing yet counts as the mean of the others.
    static func speed(of nodes: [NodeReport]) -> Double? {
        let measured = nodes.filter { ($0.pixelsPerSecond ?? 0) > 0 }
        let codecs = measured.reduce(0) { $0 + $1.codecs }
        guard codecs > 0 else { return nil }
        let sum = measured.reduce(0.0) { $0 + Double($1.codecs) * Double($1.pixelsPerSecond ?? 0) }
        return sum / Double(codecs) * Double(nodes.reduce(0) { $0 + $1.codecs })
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
