import CLinux
import Glibc

/// The calls on the names of files; those on folders are in ``Folder``.
public enum FileSystem {
    // MARK: - Names

    /// Renames a file, in place of one that has the new name.
    ///
    /// - Parameters:
    ///   - old: The path that it has.
    ///   - new: The path that it gets.
    /// - Throws: ``SystemError``.
    public static func rename(_ old: String, to new: String) throws(SystemError) {
        try checked("rename", Glibc.rename(old, new))
    }

    /// Renames a file unless the new name is taken, in one step with the check for that.
    ///
    /// - Parameters:
    ///   - old: The path that it has.
    ///   - new: The path that it gets.
    /// - Throws: ``SystemError`` with `EEXIST` if the name is taken.
    public static func renameExclusively(_ old: String, to new: String) throws(SystemError) {
        try SystemError.check("renameat2", plm_rename_exclusive(old, new))
    }

    /// Gives a file another name.
    ///
    /// - Parameters:
    ///   - old: The path that it has.
    ///   - new: The path that it gets as well.
    /// - Returns: Whether it has the name: not across disks, nor where links are not allowed.
    /// - Throws: ``SystemError`` with `ENOENT` if there is no such file.
    public static func link(_ old: String, as new: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try checked("link", Glibc.link(old, new))
            return true
        } catch {
            switch error.code {
            case EEXIST: return true
            case EXDEV, EPERM, EMLINK, EOPNOTSUPP: return false
            default: throw error
            }
        }
    }

    /// Removes a name.
    ///
    /// - Parameter path: The file's path.
    /// - Returns: Whether there was one.
    /// - Throws: ``SystemError``.
    @discardableResult
    public static func unlink(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try checked("unlink", Glibc.unlink(path))
            return true
        } catch {
            guard error.isMissing else { throw error }
            return false
        }
    }

    /// The path without links, `.` and `..`.
    ///
    /// - Parameter path: The path.
    /// - Returns: The same file's path from the root; `nil` if it leads nowhere.
    public static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    // MARK: - Access

    /// What a process may want to do with a file.
    public struct Access: OptionSet, Sendable {
        /// The bits of access(2).
        public let rawValue: Int32

        /// Creates a set from the bits of access(2).
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// To read it.
        public static let read = Access(rawValue: R_OK)
        /// To write it, or to make files in it if it is a folder.
        public static let write = Access(rawValue: W_OK)
        /// To run it, or to reach what is in it if it is a folder.
        public static let execute = Access(rawValue: X_OK)
    }

    /// Requires that the process may do something with a file.
    ///
    /// - Parameters:
    ///   - access: What it wants to do; with nothing the file need only be there.
    ///   - path: The file's path.
    /// - Throws: ``SystemError``.
    public static func require(_ access: Access, to path: String) throws(SystemError) {
        try checked("access", Glibc.access(path, access.rawValue))
    }

    /// Whether the process may do something with a file.
    ///
    /// - Parameters:
    ///   - access: What it wants to do.
    ///   - path: The file's path.
    /// - Returns: Whether the file is there and lets it.
    public static func allows(_ access: Access, to path: String) -> Bool {
        Glibc.access(path, access.rawValue) == 0
    }

    /// Whether a path leads to anything.
    ///
    /// - Parameter path: The path.
    /// - Returns: Whether something is there that the process can see.
    public static func isPresent(_ path: String) -> Bool {
        Glibc.access(path, F_OK) == 0
    }

    /// Has nobody but the owner use any file or folder that this process makes from now on.
    public static func keepNewFilesPrivate() {
        umask(0o077)
    }

    /// Sets the permissions of a file.
    ///
    /// - Parameters:
    ///   - permissions: The bits, such as `0o660`.
    ///   - path: The file's path.
    /// - Throws: ``SystemError``.
    public static func setPermissions(
        _ permissions: UInt32,
        of path: String
    ) throws(SystemError) {
        try checked("chmod", chmod(path, permissions))
    }

    // MARK: - Disks

    /// Whether ``FileDescriptor/synchronizeDisk()`` promises as much as synchronising each file.
    ///
    /// That is so on a local disk with a journal, and since Linux 5.8, before which syncfs(2) did
    /// not tell of what could not be written.
    ///
    /// - Parameter path: A path on the disk.
    /// - Returns: Whether it promises that; `false` where it is not known.
    public static func tellsOfLostWrites(at path: String) -> Bool {
        guard plm_has_journal(path) else { return false }
        var system = utsname()
        guard uname(&system) == 0 else { return false }
        let release = withUnsafeBytes(of: &system.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 8)
    }

    // MARK: - Times and sizes

    /// Sets a file's times to now.
    ///
    /// - Parameter path: The file's path.
    /// - Throws: ``SystemError``.
    public static func touch(_ path: String) throws(SystemError) {
        try checked("utimensat", utimensat(AT_FDCWD, path, nil, 0))
    }

    /// Sets a file's time of modification.
    ///
    /// - Parameters:
    ///   - milliseconds: The time since 1970, before it negative.
    ///   - path: The file's path.
    /// - Throws: ``SystemError``.
    public static func setModificationTime(
        _ milliseconds: Int64,
        of path: String
    ) throws(SystemError) {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        // Before 1970, where a broken clock may stand, the rest is negative, which the call
        // refuses.
        let time = timespec(
            tv_sec: rest < 0 ? Int(seconds) - 1 : Int(seconds),
            tv_nsec: (Int(rest) + 1000) % 1000 * 1_000_000
        )
        try checked("utimensat", utimensat(AT_FDCWD, path, [time, time], 0))
    }

    /// Cuts a file off, or lengthens it with zeros.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - count: How many bytes it has then.
    /// - Throws: ``SystemError``.
    public static func truncate(_ path: String, to count: UInt64) throws(SystemError) {
        try checked("truncate", Glibc.truncate(path, off_t(count)))
    }
}
