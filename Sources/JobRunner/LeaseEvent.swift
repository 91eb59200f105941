/// What the workers of a node do with leases, for metrics.
public enum LeaseEvent: Sendable, Equatable {
    /// Receives each event, on the worker's task; must not block.
    public typealias Observer = @Sendable (LeaseEvent) -> Void

    /// They looked for work and claimed this many images.
    case claimed(Int)
    /// They lost this many, because a job was cancelled or the lease was taken back.
    case lost(Int)
    /// They took back this many that had run out, whoever held them.
    case expired(Int)
}
