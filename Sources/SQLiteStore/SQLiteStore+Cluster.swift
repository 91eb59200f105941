public import Queue

/// One process at a time has the file, so that there are no other nodes.
extension SQLiteStore {
    /// Always.
    public func lead(as node: String, for period: Duration) async throws(StoreError) -> Bool {
        true
    }

    /// Does nothing.
    public func leave(as node: String) async throws(StoreError) {}

    /// Does nothing, since nobody asks.
    public func report(_ node: NodeReport) async throws(StoreError) {}

    /// None.
    public func nodes(seenWithin period: Duration) async throws(StoreError) -> [NodeReport] { [] }

    /// None.
    public func census(within period: Duration) async throws(StoreError) -> ClusterCensus? { nil }

    /// None.
    public var link: DatabaseLink? { nil }

    /// This node's.
    public func agree(on name: String, _ value: String) async throws(StoreError) -> String { value }

    /// Nothing.
    public func agreed(on name: String) async throws(StoreError) -> String? { nil }
}
