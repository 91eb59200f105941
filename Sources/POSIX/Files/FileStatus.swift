import Glibc

/// Which file it is, whatever its path.
public struct FileIdentity: Sendable, Hashable {
    /// The disk.
    public let device: UInt64
    /// The file's number on that disk.
    public let node: UInt64
}

/// What the system knows about a file.
public struct FileStatus: Sendable, Equatable {
    /// What kind of thing it is.
    public enum Kind: Sendable {
        /// A regular file.
        case file
        /// A folder.
        case folder
        /// A symbolic link, which only a look that follows no links sees.
        case link
        /// A Unix-domain socket.
        case socket
        /// A device or a pipe.
        case other
    }

    /// What kind of thing it is.
    public let kind: Kind
    /// Which file it is.
    public let identity: FileIdentity
    /// Its size in bytes.
    public let size: UInt64
    /// How many bytes it takes on the disk, which are fewer than ``size`` if it has holes.
    public let allocatedBytes: UInt64
    /// The number of the user that it belongs to.
    public let owner: UInt32
    /// Who may use it, such as `0o640`.
    public let permissions: UInt32
    private let modifiedSeconds: Int64
    private let modifiedNanoseconds: Int64

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFSOCK: .socket
            default: .other
            }
        identity = FileIdentity(device: UInt64(status.st_dev), node: UInt64(status.st_ino))
        size = UInt64(clamping: status.st_size)
        allocatedBytes = UInt64(clamping: status.st_blocks) * 512
        owner = status.st_uid
        permissions = status.st_mode & 0o7777
        modifiedSeconds = Int64(status.st_mtim.tv_sec)
        modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
    }

    /// Looks at what a path leads to.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - followsLinks: Whether a symbolic link at its end is followed.
    /// - Throws: ``SystemError``.
    public init(of path: String, followingLinks followsLinks: Bool = true) throws(SystemError) {
        var status = stat()
        if followsLinks {
            try checked("stat", stat(path, &status))
        } else {
            try checked("lstat", lstat(path, &status))
        }
        self.init(status)
    }

    /// Looks at a file that may be missing.
    ///
    /// - Parameter path: The file's path.
    /// - Returns: Its status; `nil` if there is none.
    /// - Throws: ``SystemError`` when that cannot be found out.
    public static func ifPresent(at path: String) throws(SystemError) -> FileStatus? {
        do throws(SystemError) {
            return try FileStatus(of: path)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// When the file was modified, in milliseconds since 1970.
    public var modificationTime: Int64 {
        modifiedSeconds * 1000 + modifiedNanoseconds / 1_000_000
    }

    /// How long ago the file was modified: the disk's clock against the system's.
    public var age: Duration {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return .seconds(Int64(now.tv_sec) - modifiedSeconds)
            + .nanoseconds(Int64(now.tv_nsec) - modifiedNanoseconds)
    }

    /// Whether it belongs to the user as whom this process works.
    public var isOwn: Bool { owner == geteuid() }
}
