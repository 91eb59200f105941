import Glibc

/// How large a disk is and what it still takes, in bytes.
public struct DiskSpace: Sendable, Equatable {
    /// All that it has.
    public let size: UInt64
    /// What an unprivileged process may still write.
    public let free: UInt64

    private init(_ status: statvfs) {
        func bytes(_ blocks: fsblkcnt_t) -> UInt64 {
            UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        }
        size = bytes(status.f_blocks)
        free = bytes(status.f_bavail)
    }

    /// Asks about the disk that holds a path.
    ///
    /// - Parameter path: The path of a file or folder.
    /// - Throws: ``SystemError``.
    public init(at path: String) throws(SystemError) {
        var status = statvfs()
        try checked("statvfs", statvfs(path, &status))
        self.init(status)
    }

    /// Asks about the disk that holds an open file.
    ///
    /// - Parameter file: The file.
    /// - Throws: ``SystemError``.
    public init(of file: borrowing FileDescriptor) throws(SystemError) {
        var status = statvfs()
        try checked("fstatvfs", fstatvfs(file.number, &status))
        self.init(status)
    }
}
