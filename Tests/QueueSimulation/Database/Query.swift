/// What is asked of a cell's database.
package enum QueryKind: Int, Sendable, CaseIterable {
    /// Claims of machines that brought images.
    case claim
    /// Claims of machines that brought none.
    case emptyClaim
    /// Ends of claims, gathered by a machine.
    case finish
    /// Heartbeats, one for all claims of a machine.
    case heartbeat
    /// New jobs.
    case create
    /// Looks of the leader for leases that ran out.
    case rescue
    /// Looks of the servers at jobs that somebody watches.
    case look
    /// Hints of the servers that there is work.
    case hint
}

/// A query, and who waits for its answer.
enum Query {
    case claim(machine: Int, life: Int)
    case finish(machine: Int, life: Int)
    case heartbeat(machine: Int, life: Int)
    case create(job: Int)
    case rescue
    case look
    case hint(server: Int)
}
