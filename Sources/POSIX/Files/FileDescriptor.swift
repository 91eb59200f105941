import CLinux
import Glibc

/// An open file, folder, socket or other descriptor with one owner, closed when the owner is gone.
///
/// Child processes inherit no descriptor that is opened here.
public struct FileDescriptor: ~Copyable, Sendable {
    /// What a file is opened for.
    public enum Access: Sendable {
        /// Reading alone.
        case reading
        /// Writing alone.
        case writing
        /// Both.
        case readingAndWriting
    }

    /// How a file is opened.
    public struct Options: OptionSet, Sendable {
        /// The flags of open(2).
        public let rawValue: Int32

        /// Creates options from the flags of open(2).
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Makes the file if it is missing.
        public static let create = Options(rawValue: O_CREAT)
        /// With ``create``: fails with `EEXIST` if there is something of that name, even a link.
        public static let exclusive = Options(rawValue: O_EXCL)
        /// Fails with `ENOTDIR` unless it is a folder.
        public static let folder = Options(rawValue: O_DIRECTORY)
        /// Waits for nobody, as opening a pipe would.
        public static let nonBlocking = Options(rawValue: O_NONBLOCK)
    }

    /// The number, for calls that do not close it.
    public let number: Int32

    /// Takes over an open descriptor.
    ///
    /// - Parameter number: The descriptor, which nobody else closes.
    public init(owning number: Int32) {
        self.number = number
    }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - access: What it is opened for.
    ///   - options: How it is opened.
    ///   - permissions: Those of a file that is made now, less what the process's umask forbids.
    /// - Throws: ``SystemError``.
    public init(
        opening path: String,
        for access: Access = .reading,
        _ options: Options = [],
        permissions: UInt32 = 0o600
    ) throws(SystemError) {
        let mode =
            switch access {
            case .reading: O_RDONLY
            case .writing: O_WRONLY
            case .readingAndWriting: O_RDWR
            }
        let flags = mode | options.rawValue | O_CLOEXEC
        number = try retried("open") { open(path, flags, permissions) }
    }

    deinit {
        // Whoever has written something that must not be lost has called `synchronize` or `close`.
        _ = Glibc.close(number)
    }

    /// Hands the descriptor to an owner that closes it in its own way.
    ///
    /// - Returns: The number, still open.
    public consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Closes the descriptor, where an error counts: some file systems tell a full disk only here.
    ///
    /// - Throws: ``SystemError``; the descriptor is closed all the same.
    public consuming func close() throws(SystemError) {
        try checked("close", Glibc.close(release()))
    }

    /// Makes what was written survive a power cut.
    ///
    /// - Throws: ``SystemError``.
    public func synchronize() throws(SystemError) {
        try checked("fsync", fsync(number))
    }

    /// Makes all that was written to the file's disk survive a power cut, by whomever.
    ///
    /// It tells of what could not be written since this descriptor was opened, so open it before
    /// whatever is written. Only some disks promise that, see ``FileSystem/tellsOfLostWrites(at:)``.
    ///
    /// - Throws: ``SystemError``.
    public func synchronizeDisk() throws(SystemError) {
        try SystemError.check("syncfs", plm_sync_disk(number))
    }

    /// Has the system begin to write a part to disk, which leaves less for ``synchronize()``.
    ///
    /// It promises nothing, and does not fail.
    ///
    /// - Parameter range: The bytes.
    public func startWriteback(of range: Range<UInt64>) {
        plm_start_writeback(number, range.lowerBound, UInt64(range.count))
    }

    /// What the system knows about the file.
    ///
    /// - Returns: The file's status.
    /// - Throws: ``SystemError``.
    public func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try checked("fstat", fstat(number, &status))
        return FileStatus(status)
    }

    /// The file's size in bytes.
    ///
    /// - Returns: The size.
    /// - Throws: ``SystemError``.
    public func size() throws(SystemError) -> UInt64 {
        try status().size
    }

    /// Has the disk set blocks aside for the file's first bytes, and lengthens the file to them.
    ///
    /// - Parameter count: How many bytes.
    /// - Throws: ``SystemError`` with `ENOSPC` if the disk has no room.
    public func allocate(_ count: UInt64) throws(SystemError) {
        try SystemError.check("posix_fallocate", posix_fallocate(number, 0, off_t(count)))
    }

    /// Cuts the file off, or lengthens it with zeros.
    ///
    /// - Parameter count: How many bytes it has then.
    /// - Throws: ``SystemError``.
    public func truncate(to count: UInt64) throws(SystemError) {
        try checked("ftruncate", ftruncate(number, off_t(count)))
    }
}
