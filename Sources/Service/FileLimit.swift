import Glibc

/// The number of descriptors that the process may have.
enum FileLimit {
    /// What is kept of them for files, the database and the codec processes.
    static let descriptorsBesideConnections = 128

    /// Raises the limit as far as the system allows, since every connection and every file under way takes one.
    ///
    /// - Returns: The limit; `nil` where the system does not tell.
    @discardableResult
    static func raise() -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        // What cannot be raised stays as it is; the listener pauses when descriptors run out.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections there may be, given the descriptors: at most as many as are wanted, and at least one.
    static func connections(wanted: Int, limit: Int?) -> Int {
        guard let limit else { return wanted }
        return max(1, min(wanted, limit - descriptorsBesideConnections - Settings.reservedConnections))
    }

    /// Whether the process, or the system, has no descriptor left.
    static var isExhausted: Bool {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == EMFILE || errno == ENFILE }
        close(descriptor)
        return false
    }
}
