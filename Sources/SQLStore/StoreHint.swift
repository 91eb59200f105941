/// What a process tells others that share the database, so that they look at once.
package enum StoreHint: String, Sendable, CaseIterable {
    /// Something may have become claimable.
    case work
    /// Leases may have been ended before their time.
    case leases
    /// Jobs have changed.
    case jobs
    /// Keys have changed.
    case keys
}
