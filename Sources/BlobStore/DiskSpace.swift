/// How large a disk is and what it still takes, in bytes.
public struct DiskSpace: Sendable, Equatable {
    /// All that it has.
    public let size: UInt64
    /// What an unprivileged process may still write.
    public let free: UInt64
}
