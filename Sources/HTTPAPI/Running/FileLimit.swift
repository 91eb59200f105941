import POSIX

/// The number of descriptors that the process may have.
enum FileLimit {
    /// What is kept of them for files, the database and the codec processes.
    static let descriptorsBesideConnections = 128

    /// Raises the limit as far as the system allows, since every connection and every file under way takes one.
    ///
    /// - Returns: The limit; `nil` where the system does not tell.
    @discardableResult
    static func raise() -> Int? {
        // What cannot be raised stays as it is; the listener pauses when descriptors run out.
        DescriptorLimit.raise().map { Int(clamping: $0.soft) }
    }

    /// How many connections there may be, given the descriptors: at most as many as are wanted, and at least one.
    static func connections(wanted: Int, limit: Int?) -> Int {
        guard let limit else { return wanted }
        return max(
            1,
            min(wanted, limit - descriptorsBesideConnections - Settings.reservedConnections)
        )
    }

    /// Whether the process, or the system, has no descriptor left.
    static var isExhausted: Bool {
        do throws(SystemError) {
            _ = try FileDescriptor(opening: "/dev/null")
            return false
        } catch {
            return error.isOutOfDescriptors
        }
    }
}
