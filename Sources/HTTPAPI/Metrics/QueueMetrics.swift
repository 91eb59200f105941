import JobModel
import Queue
import Telemetry

/// The metrics of what the database has: the same on all nodes, so that one of them tells them.
struct QueueMetrics: Sendable {
    private let jobs: Gauge
    private let images: Gauge
    private let ended: Counter
    private let oldest: Gauge
    private let databaseSize: Gauge

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
        databaseSize = registry.gauge(
            "palimpsest_database_size_bytes",
            help: "The database's file with its write-ahead log, or its tables."
        )
    }

    /// Updates the metrics.
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
        databaseSize.set(Double(statistics.databaseBytes))
    }
}
