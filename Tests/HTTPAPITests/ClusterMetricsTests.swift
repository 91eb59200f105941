import BlobStorage
import Operations
import Queue
import Synchronization
import Telemetry
import Testing

@testable import HTTPAPI

/// What a node tells of all nodes, of its database, and of its object store.
@Suite struct ClusterMetricsTests {
    private func lines(_ registry: MetricRegistry) -> [String] {
        registry.prometheusText().split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    private func metrics(sharing database: String = "postgres://db.lan/p") throws -> ServiceMetrics
    {
        ServiceMetrics(
            NodeIdentity(
                role: .server,
                version: ProgramVersion(number: "1", commit: "c"),
                database: try DatabaseLocation(database),
                blobs: .folder
            )
        )
    }

    @Test func `What is of the cluster is told by the node that leads`() async throws {
        let fixture = try await Fixture()
        let metrics = try metrics()
        let text = try await metrics.clusterText(fixture.store) { true }
        #expect(text.contains("\npalimpsest_images{state=\"queued\"} 0\n"))
        #expect(try await metrics.clusterText(fixture.store) { false } == "")
        // It lost the lead while it read.
        let answers = Mutex([false, true])
        let late = try await metrics.clusterText(fixture.store) {
            answers.withLock { $0.removeLast() }
        }
        #expect(late == "")
    }

    @Test func `A database that is away costs a node of a cluster no other metrics`()
        async throws
    {
        let fixture = try await Fixture()
        try fixture.store.close()
        #expect(try await metrics().clusterText(fixture.store) { true } == "")
        let alone = try metrics(sharing: "sqlite")
        await #expect(throws: StoreError.self) {
            try await alone.clusterText(fixture.store) { true }
        }
    }

    @Test
    func `Nodes are counted while they are heard of, and named for as long as they are known`() {
        let registry = MetricRegistry()
        let metrics = ClusterMetrics(registry)
        func node(_ name: String, _ role: NodeRole, _ silence: Int) -> ClusterCensus.Node {
            .init(name: name, role: role, version: "1", silence: .seconds(silence))
        }
        let nodes = [node("a", .server, 2), node("b", .worker, 5), node("c", .worker, 29)]
        metrics.set(
            ClusterCensus(
                nodes: nodes + [node("d", .worker, 30)],
                connections: 7,
                maxConnections: 9
            )
        )
        #expect(
            lines(registry) == [
                "palimpsest_cluster_nodes{role=\"server\",version=\"1\"} 1",
                "palimpsest_cluster_nodes{role=\"worker\",version=\"1\"} 2",
                "palimpsest_cluster_node_silence_seconds{node=\"a\",role=\"server\"} 2",
                "palimpsest_cluster_node_silence_seconds{node=\"b\",role=\"worker\"} 5",
                "palimpsest_cluster_node_silence_seconds{node=\"c\",role=\"worker\"} 29",
                "palimpsest_cluster_node_silence_seconds{node=\"d\",role=\"worker\"} 30",
                "palimpsest_cluster_database_connections 7",
                "palimpsest_cluster_database_connections_max 9",
            ]
        )
        metrics.set(ClusterCensus(nodes: [], connections: 1, maxConnections: 9))
        #expect(lines(registry).count == 2, "who has left is no longer told of")
    }

    @Test func `The way to the database is told as it is`() {
        let registry = MetricRegistry()
        let metrics = DatabaseMetrics(registry)
        var link = DatabaseLink(limit: 8)
        link.busy = 1
        link.idle = 2
        link.transactions = [.done: 5, .lost: 1]
        link.silence = .milliseconds(1500)
        link.clockOffset = .seconds(-3)
        link.hintsSent = ["work": 4]
        metrics.set(link)
        let told = lines(registry)
        for line in [
            "palimpsest_database_silence_seconds 1.5",
            "palimpsest_database_clock_offset_seconds -3",
            "palimpsest_database_connections{state=\"busy\"} 1",
            "palimpsest_database_connections{state=\"idle\"} 2",
            "palimpsest_database_connections_max 8",
            "palimpsest_database_transactions_total{outcome=\"done\"} 5",
            "palimpsest_database_transactions_total{outcome=\"lost\"} 1",
            "palimpsest_database_listening 0",
            "palimpsest_database_hints_sent_total{about=\"work\"} 4",
        ] { #expect(told.contains(line), "\(line)") }
    }

    @Test func `Requests to an object store are counted by what came of them`() {
        let registry = MetricRegistry()
        let metrics = ObjectStoreMetrics(registry)
        func exchange(_ status: Int?, _ end: StorageExchange.End) -> StorageExchange {
            .init(operation: .put, status: status, duration: .milliseconds(20), end: end)
        }
        for one in [exchange(503, .repeated), exchange(nil, .failed), exchange(200, .answered)] {
            metrics.count(one)
        }
        let told = lines(registry)
        for line in [
            "palimpsest_object_store_requests_total{operation=\"put\",status=\"503\"} 1",
            "palimpsest_object_store_requests_total{operation=\"put\",status=\"none\"} 1",
            "palimpsest_object_store_requests_total{operation=\"put\",status=\"200\"} 1",
            "palimpsest_object_store_retries_total{operation=\"put\"} 1",
            "palimpsest_object_store_failures_total{operation=\"put\"} 1",
            "palimpsest_object_store_failures_total{operation=\"list\"} 0",
            "palimpsest_object_store_request_duration_seconds_count{operation=\"put\"} 3",
        ] { #expect(told.contains(line), "\(line)") }
    }
}
