import Logging
import Queue
import Synchronization

/// Tells the other nodes of this one, and whether this one leads them.
///
/// A node leads for at most fifteen seconds after it was last told so. It counts them from before it
/// asked, by a clock that nobody sets.
final class Leadership: Sendable {
    private static let interval: Duration = .seconds(5)
    private static let period: Duration = .seconds(15)
    /// What clocks may differ by in a period.
    private static let margin: Duration = .seconds(1)

    private let store: any ClusterCatalog
    private let node: String
    private let report: @Sendable () -> NodeReport
    private let logger: Logger?
    private let leadsUntil = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates the leadership of a node, which does not lead yet.
    ///
    /// - Parameters:
    ///   - store: What the nodes share.
    ///   - node: The node's name.
    ///   - logger: Receives changes; `nil` where there are no other nodes.
    ///   - report: What the node tells of itself.
    init(
        store: any ClusterCatalog,
        node: String,
        logger: Logger?,
        report: @escaping @Sendable () -> NodeReport
    ) {
        self.store = store
        self.node = node
        self.logger = logger
        self.report = report
    }

    /// Whether this node leads now.
    var isLeading: Bool {
        leadsUntil.withLock { $0.map { ContinuousClock.now < $0 } ?? false }
    }

    /// Asks again and again until the task is cancelled, and then lets another node lead.
    ///
    /// - Parameter mayLead: Whether the node wants to lead; a worker does not.
    func run(mayLead: Bool) async {
        while (try? await Task.sleep(for: Self.interval)) != nil { await ask(mayLead: mayLead) }
        leadsUntil.withLock { $0 = nil }
        // Otherwise the others find out by themselves.
        try? await store.leave(as: node)
    }

    /// Tells of this node, and asks once whether it leads.
    func ask(mayLead: Bool) async {
        let begin = ContinuousClock.now
        do {
            try await store.report(report())
            let leads = mayLead ? try await store.lead(as: node, for: Self.period) : false
            let did = leadsUntil.withLock { until in
                defer { until = leads ? begin + Self.period - Self.margin : nil }
                return until != nil
            }
            if leads != did {
                logger?.notice(leads ? "this node leads" : "another node leads")
            }
        } catch {
            logger?.warning("the other nodes cannot be reached", metadata: ["error": "\(error)"])
        }
    }
}
