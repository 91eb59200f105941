import POSIX

/// The limit on the number of the process's file descriptors.
enum FileLimit {
    /// The descriptors that are not for connections but for files, the database and codec
    /// processes.
    static let descriptorsBesideConnections = 128

    /// Raises the limit as far as the system allows, since every connection and every open file
    /// takes a descriptor.
    ///
    /// - Returns: The new limit; `nil` if the system does not report it.
    @discardableResult
    static func raise() -> Int? {
        // A limit that cannot be raised is no error: the listener pauses when descriptors run out.
        DescriptorLimit.raise().map { Int(clamping: $0.soft) }
    }

    /// Returns the number of connections that the limit allows: at most `wanted`, at least one.
    static func connections(wanted: Int, limit: Int?) -> Int {
        guard let limit else { return wanted }
        return max(
            1,
            min(wanted, limit - descriptorsBesideConnections - Settings.reservedConnections)
        )
    }

    /// Whether the process or the system is out of descriptors.
    static var isExhausted: Bool {
        do throws(SystemError) {
            _ = try FileDescriptor(opening: "/dev/null")
            return false
        } catch {
            return error.isOutOfDescriptors
        }
    }
}
