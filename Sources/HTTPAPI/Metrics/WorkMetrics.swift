import CodecHost
import JobRunner
import Telemetry

/// The metrics of a node's work on images, and of its codec processes.
struct WorkMetrics: Sendable {
    private let attempts: Counter
    private let stages: Histogram
    private let waits: Histogram
    private let pixels: Counter
    private let claims: Counter
    private let leasesLost: Counter
    private let leasesExpired: Counter
    private let codecs: Gauge
    private let codecsReady: Gauge
    private let codecsBusy: Gauge
    private let codecRestarts: Counter

    init(_ registry: MetricRegistry) {
        attempts = registry.counter(
            "palimpsest_image_attempts_total",
            help: "Claims of images, by outcome.",
            labels: ["outcome"]
        )
        claims = registry.counter(
            "palimpsest_queue_looks_total",
            help: "Looks into the queue, by whether there was an image to claim.",
            labels: ["found"]
        )
        leasesLost = registry.counter(
            "palimpsest_leases_lost_total",
            help: "Images that a worker had to drop: cancelled, erased, or taken back."
        )
        leasesExpired = registry.counter(
            "palimpsest_leases_expired_total",
            help: "Leases of any node that had run out, and that this one took back."
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
        for found in ["image", "nothing"] { claims.increment(by: 0, [found]) }
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

    /// Counts what became of leases.
    func count(_ event: LeaseEvent) {
        switch event {
        case .claimed(let count): claims.increment([count > 0 ? "image" : "nothing"])
        case .lost(let count): leasesLost.increment(by: Double(count))
        case .expired(let count): leasesExpired.increment(by: Double(count))
        }
    }

    /// Updates the metrics of the codec processes.
    func set(_ pool: CodecPool) {
        codecs.set(Double(pool.count))
        codecsReady.set(Double(pool.readiness.readyCount))
        codecsBusy.set(Double(pool.busyCount))
        codecRestarts.raise(to: Double(pool.restartCount))
    }
}
