import JobModel
import JobRunner
import Queue

/// Tells how long jobs will take, from the queue and from the speed that the workers measure.
///
/// It looks at the whole queue, and so only now and then: a look serves for a second, and where the queue is so long that a look
/// takes its time, for twenty times as long as it took.
actor Forecast {
    private static let shortestUse: Duration = .seconds(1)
    private static let useForTheEffort = 20

    private let store: any JobCatalog
    private let meter: ThroughputMeter
    private let codecs: Int
    private var known: (queue: QueueForecast, goodUntil: ContinuousClock.Instant)?
    private var look: Task<QueueForecast, any Error>?

    /// - Parameters:
    ///   - store: Where the queue is.
    ///   - meter: What the workers measure.
    ///   - codecs: How many of them there are.
    init(store: any JobCatalog, meter: ThroughputMeter, codecs: Int) {
        self.store = store
        self.meter = meter
        self.codecs = codecs
    }

    /// The time until a job is at its end, if nothing more comes.
    ///
    /// - Parameter job: A job of any state.
    /// - Returns: Whole seconds, rounded up; `nil` for a job that has ended, and as long as nothing was measured.
    /// - Throws: Faults of the store.
    func seconds(untilEndOf job: Job) async throws -> Int? {
        guard !job.state.isTerminal, let speed = meter.pixelsPerSecond, speed > 0 else {
            return nil
        }
        let pixels = try await queue().pixels(untilEndOf: job.work)
        return Int(exactly: (Double(pixels) / (speed * Double(codecs))).rounded(.up))
    }

    private func queue() async throws -> QueueForecast {
        if let known, ContinuousClock.now < known.goodUntil { return known.queue }
        // Whoever asks meanwhile waits for the same look.
        if let look { return try await look.value }
        let task = Task { [store] in QueueForecast(try await store.unfinishedWork()) }
        look = task
        defer { look = nil }
        let start = ContinuousClock.now
        let queue = try await task.value
        let end = ContinuousClock.now
        known = (queue, end + max(Self.shortestUse, (end - start) * Self.useForTheEffort))
        return queue
    }
}

extension API {
    /// How long a client should wait before it asks again: as long as the job will take, but not for ever.
    private static let retryAfterBounds = 1...30

    /// The value of `Retry-After` for a job that has not ended.
    static func retryAfter(_ etaSeconds: Int?) -> String {
        let seconds = etaSeconds ?? retryAfterBounds.lowerBound
        return String(min(max(seconds, retryAfterBounds.lowerBound), retryAfterBounds.upperBound))
    }
}
