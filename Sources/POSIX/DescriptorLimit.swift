import Glibc

/// How many descriptors this process may have open.
public struct DescriptorLimit: Sendable, Equatable {
    /// How many it may have now.
    public let soft: UInt64
    /// How many it may allow itself.
    public let hard: UInt64

    /// The limit as it is now.
    ///
    /// - Returns: The limit; `nil` where the system does not tell.
    public static func current() -> DescriptorLimit? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return DescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }

    /// Raises the limit as far as the system allows; what cannot be raised stays as it is.
    ///
    /// - Returns: The limit from now on; `nil` where the system does not tell.
    public static func raise() -> DescriptorLimit? {
        guard let limit = current() else { return nil }
        var raised = rlimit(rlim_cur: rlim_t(limit.hard), rlim_max: rlim_t(limit.hard))
        _ = setrlimit(resource, &raised)
        return current()
    }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
}
