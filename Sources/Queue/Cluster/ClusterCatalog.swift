public import JobModel

/// What the nodes that share a store know of each other.
///
/// In a store that only one node can have, that node leads, and there are no others.
public protocol ClusterCatalog: Sendable {
    /// Makes a node the leader, or keeps it so, unless another one is.
    ///
    /// The leader does what only one node may do, such as expiring jobs. All of it may be done
    /// twice, since a node that stands still may not know that its time is over.
    ///
    /// - Parameters:
    ///   - node: The name of the node that asks.
    ///   - period: For how long it leads from now on.
    /// - Returns: Whether it leads.
    /// - Throws: ``StoreError``.
    func lead(as node: String, for period: Duration) async throws(StoreError) -> Bool

    /// Takes a node's leave when it stops: it leads no more, and is not missed.
    func leave(as node: String) async throws(StoreError)

    /// Tells the others of a node, and that it is alive.
    func report(_ node: NodeReport) async throws(StoreError)

    /// The nodes that have told of themselves within a period, by their names.
    func nodes(seenWithin period: Duration) async throws(StoreError) -> [NodeReport]

    /// What there is to know of the nodes and their database, for the metrics.
    ///
    /// - Parameter period: For how long a node that has fallen silent is still counted.
    /// - Returns: `nil` where there can be only one node.
    /// - Throws: ``StoreError``.
    func census(within period: Duration) async throws(StoreError) -> ClusterCensus?

    /// What this node knows of its way to the database, without asking; `nil` if the database is a
    /// file of its own.
    var link: DatabaseLink? { get }

    /// Settles what all nodes must have in common: what the first one said.
    ///
    /// - Parameters:
    ///   - name: What it is.
    ///   - value: What this node has.
    /// - Returns: What counts.
    /// - Throws: ``StoreError``.
    func agree(on name: String, _ value: String) async throws(StoreError) -> String

    /// What ``agree(on:_:)`` has settled; `nil` if nothing is.
    func agreed(on name: String) async throws(StoreError) -> String?
}

/// What a node tells of itself.
public struct NodeReport: Sendable, Equatable {
    /// Its name, unique among the nodes.
    public let name: String
    /// What it does.
    public let role: NodeRole
    /// The version of its program.
    public let version: String
    /// Which machine's which data folder it has.
    public let place: String
    /// How many codec processes it has.
    public let codecs: Int
    /// What one of them protects in a second, as measured; `nil` before any measurement.
    public let pixelsPerSecond: Int?
    /// The jobs whose archives it is sending, which must not expire meanwhile.
    public let downloads: Set<JobIdentifier>

    /// Creates a report.
    public init(
        name: String,
        role: NodeRole = .server,
        version: String,
        place: String,
        codecs: Int,
        pixelsPerSecond: Int?,
        downloads: Set<JobIdentifier> = []
    ) {
        self.name = name
        self.role = role
        self.version = version
        self.place = place
        self.codecs = codecs
        self.pixelsPerSecond = pixelsPerSecond
        self.downloads = downloads
    }
}
