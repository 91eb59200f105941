/// What a node of a cluster does.
public enum NodeRole: String, Sendable, CaseIterable {
    /// It serves the API, protects photos, and may lead.
    case server
    /// It protects photos that servers have taken.
    case worker
}
