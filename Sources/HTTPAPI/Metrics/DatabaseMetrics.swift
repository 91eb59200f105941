import Queue
import Telemetry

/// The metrics of a node's way to the database that it shares.
struct DatabaseMetrics: Sendable {
    private let silence: Gauge
    private let clockOffset: Gauge
    private let connections: Gauge
    private let maxConnections: Gauge
    private let transactions: Counter
    private let seconds: Counter
    private let isListening: Gauge
    private let hintsSent: Counter
    private let hintsHeard: Counter
    private let looks: Counter

    init(_ registry: MetricRegistry) {
        silence = registry.gauge(
            "palimpsest_database_silence_seconds",
            help: "Time since the database last answered this node, which asks every 5 seconds."
        )
        clockOffset = registry.gauge(
            "palimpsest_database_clock_offset_seconds",
            help: "How far the database's clock is ahead of this node's."
        )
        connections = registry.gauge(
            "palimpsest_database_connections",
            help: "This node's connections for transactions, by state.",
            labels: ["state"]
        )
        maxConnections = registry.gauge(
            "palimpsest_database_connections_max",
            help: "The most connections for transactions that this node makes."
        )
        transactions = registry.counter(
            "palimpsest_database_transactions_total",
            help: "Transactions and single statements, by what came of each try.",
            labels: ["outcome"]
        )
        seconds = registry.counter(
            "palimpsest_database_transaction_seconds_total",
            help: "Time that transactions and single statements took."
        )
        isListening = registry.gauge(
            "palimpsest_database_listening",
            help: "1 while a connection hears the hints of other nodes."
        )
        hintsSent = registry.counter(
            "palimpsest_database_hints_sent_total",
            help: "Hints to all nodes, by what they are about.",
            labels: ["about"]
        )
        hintsHeard = registry.counter(
            "palimpsest_database_hints_heard_total",
            help: "Hints heard of all nodes, this one among them, by what they are about.",
            labels: ["about"]
        )
        looks = registry.counter(
            "palimpsest_database_job_looks_total",
            help: "Looks at the jobs that clients wait for, since hints may be lost."
        )
    }

    /// Updates the metrics.
    func set(_ link: DatabaseLink) {
        silence.set(link.silence / .seconds(1))
        clockOffset.set(link.clockOffset / .seconds(1))
        connections.set(Double(link.busy), ["busy"])
        connections.set(Double(link.idle), ["idle"])
        maxConnections.set(Double(link.limit))
        for (outcome, count) in link.transactions {
            transactions.raise(to: Double(count), [outcome.rawValue])
        }
        seconds.raise(to: link.seconds)
        isListening.set(link.isListening ? 1 : 0)
        for (hint, count) in link.hintsSent { hintsSent.raise(to: Double(count), [hint]) }
        for (hint, count) in link.hintsHeard { hintsHeard.raise(to: Double(count), [hint]) }
        looks.raise(to: Double(link.looks))
    }
}
