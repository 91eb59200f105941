import CodecHost
import JobModel
import JobRunner
import Queue
import Telemetry

/// The metrics of images, from the queue to their end, and of the codec processes.
struct WorkMetrics: Sendable {
    private let attempts: Counter
    private let stages: Histogram
    private let waits: Histogram
    private let pixels: Counter
    private let jobs: Gauge
    private let images: Gauge
    private let ended: Counter
    private let oldest: Gauge
    private let codecs: Gauge
    private let codecsReady: Gauge
    private let codecsBusy: Gauge
    private let codecRestarts: Counter

    init(_ registry: MetricRegistry) {
        jobs = registry.gauge(
            "palimpsest_jobs",
            help: "Jobs that are kept, by state.",
            labels: ["state"]
        )
        images = registry.gauge(
            "palimpsest_images",
            help: "Images that are kept, by state; 'queued' is the length of the queue.",
            labels: ["state"]
        )
        oldest = registry.gauge(
            "palimpsest_queue_oldest_age_seconds",
            help:
                "Age of the oldest job with images in the queue; 0 while the queue is empty."
        )
        ended = registry.counter(
            "palimpsest_images_ended_total",
            help: "Images that ended, by state, since the database was created.",
            labels: ["state"]
        )
        attempts = registry.counter(
            "palimpsest_image_attempts_total",
            help: "Claims of images, by outcome.",
            labels: ["outcome"]
        )
        waits = registry.histogram(
            "palimpsest_image_queue_duration_seconds",
            help: "Time that images waited to be claimed.",
            buckets: Histogram.waitBuckets
        )
        stages = registry.histogram(
            "palimpsest_image_stage_duration_seconds",
            help:
                "Time that an image took in each stage; images claimed together share theirs evenly.",
            buckets: Histogram.stepBuckets,
            labels: ["stage"]
        )
        pixels = registry.counter(
            "palimpsest_protected_pixels_total",
            help: "Pixels of protected images."
        )
        codecs = registry.gauge("palimpsest_codecs", help: "Configured number of codec processes.")
        codecsReady = registry.gauge(
            "palimpsest_codecs_ready",
            help: "Codec processes that are ready for pictures."
        )
        codecsBusy = registry.gauge(
            "palimpsest_codecs_busy",
            help: "Codec processes that are working on pictures."
        )
        codecRestarts = registry.counter(
            "palimpsest_codec_restarts_total",
            help: "Codec processes that ended unexpectedly and were replaced."
        )
        // Export these series from the start, so that the first event shows as an increase.
        for outcome in ImageAttempt.Outcome.allCases {
            attempts.increment(by: 0, [outcome.rawValue])
        }
        for stage in ImageAttempt.Stage.allCases where stage != .queue {
            stages.announce([stage.rawValue])
        }
    }

    /// Counts an attempt at an image.
    func count(_ attempt: ImageAttempt) {
        attempts.increment([attempt.outcome.rawValue])
        pixels.increment(by: Double(attempt.pixels))
        for (stage, seconds) in attempt.seconds {
            if stage == .queue {
                waits.observe(seconds)
            } else {
                stages.observe(seconds, [stage.rawValue])
            }
        }
    }

    /// Updates the metrics of jobs and images.
    ///
    /// - Parameters:
    ///   - statistics: The statistics of the store.
    ///   - now: The store's time in milliseconds since 1970.
    func set(_ statistics: StoreStatistics, now: Int64) {
        for state in JobState.allCases {
            jobs.set(Double(statistics.jobs[state] ?? 0), [state.rawValue])
        }
        for state in ImageState.allCases {
            images.set(Double(statistics.images[state]), [state.rawValue])
            if state.isTerminal {
                ended.raise(to: Double(statistics.endings[state] ?? 0), [state.rawValue])
            }
        }
        oldest.set(statistics.oldestQueuedAt.map { Double(max(now - $0, 0)) / 1000 } ?? 0)
    }

    /// Updates the metrics of the codec processes.
    func set(_ pool: CodecPool) {
        codecs.set(Double(pool.count))
        codecsReady.set(Double(pool.readiness.readyCount))
        codecsBusy.set(Double(pool.busyCount))
        codecRestarts.raise(to: Double(pool.restartCount))
    }
}
