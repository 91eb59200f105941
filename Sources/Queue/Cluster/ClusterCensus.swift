/// The nodes that share a database, and how full of connections it is.
public struct ClusterCensus: Sendable, Equatable {
    /// A node, as the others know it.
    public struct Node: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// What it does.
        public let role: NodeRole
        /// The version of its program.
        public let version: String
        /// How long ago it last told of itself.
        public let silence: Duration

        /// For stores: a node.
        public init(name: String, role: NodeRole, version: String, silence: Duration) {
            self.name = name
            self.role = role
            self.version = version
            self.silence = silence
        }
    }

    /// Those that have told of themselves and have not taken their leave, by their names.
    public let nodes: [Node]
    /// The connections of the database's server, of all its users.
    public let connections: Int
    /// The most connections that it takes.
    public let maxConnections: Int

    /// For stores: a census.
    public init(nodes: [Node], connections: Int, maxConnections: Int) {
        self.nodes = nodes
        self.connections = connections
        self.maxConnections = maxConnections
    }
}
