import Glibc

/// The number of descriptors that the process may have.
enum FileLimit {
    /// Raises the limit as far as the system allows, since every connection and every file under way takes one.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // What cannot be raised stays as it is; the listener pauses when descriptors run out.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
