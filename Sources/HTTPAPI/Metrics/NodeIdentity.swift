import Operations
import Queue

/// What a node's metrics tell of it.
struct NodeIdentity: Sendable {
    let role: NodeRole
    let version: ProgramVersion
    let database: DatabaseLocation
    let blobs: BlobLocation
}
