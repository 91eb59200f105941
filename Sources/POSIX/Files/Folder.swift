import Glibc

/// The calls on folders.
public enum Folder {
    // MARK: - Making and removing

    /// Makes a folder; one that exists already is fine.
    ///
    /// - Parameters:
    ///   - path: The folder's path, of which all but the last part exists.
    ///   - permissions: Who may use it, less what the process's umask forbids.
    /// - Returns: Whether it was made now.
    /// - Throws: ``SystemError``.
    @discardableResult
    public static func make(
        _ path: String,
        permissions: UInt32 = 0o700
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try checked("mkdir", mkdir(path, permissions))
            return true
        } catch {
            guard error.isTaken else { throw error }
            return false
        }
    }

    /// Makes a folder and those above it that are missing.
    ///
    /// - Parameters:
    ///   - path: The folder's path.
    ///   - permissions: Who may use them, less what the process's umask forbids.
    /// - Throws: ``SystemError``.
    public static func makeWithParents(
        _ path: String,
        permissions: UInt32 = 0o700
    ) throws(SystemError) {
        do throws(SystemError) {
            try make(path, permissions: permissions)
        } catch {
            guard error.isMissing, let slash = path.lastIndex(of: "/"), slash > path.startIndex
            else { throw error }
            try makeWithParents(String(path[..<slash]), permissions: permissions)
            try make(path, permissions: permissions)
        }
    }

    /// Removes a folder in which nothing lies.
    ///
    /// - Parameter path: The folder's path.
    /// - Throws: ``SystemError``.
    public static func removeEmpty(_ path: String) throws(SystemError) {
        try checked("rmdir", rmdir(path))
    }

    /// Makes the names in a folder survive a power cut.
    ///
    /// A file that was synchronised itself is there after a power cut, but perhaps without a name.
    ///
    /// - Parameter path: The folder's path.
    /// - Throws: ``SystemError``.
    public static func synchronize(_ path: String) throws(SystemError) {
        try FileDescriptor(opening: path, .folder).synchronize()
    }

    /// The folder that a path lies in.
    ///
    /// - Parameter path: The path of a file.
    /// - Returns: The path without its last part; `.` if it has no other.
    public static func containing(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    // MARK: - Listing

    /// The names in a folder, in no order, without `.` and `..`.
    ///
    /// - Parameter path: The folder's path.
    /// - Returns: The names; in one that is no UTF-8, U+FFFD stands for what is none.
    /// - Throws: ``SystemError``.
    public static func names(in path: String) throws(SystemError) -> [String] {
        try namesAsBytes(in: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The names in a folder as the disk has them, in no order, without `.` and `..`.
    ///
    /// - Parameter path: The folder's path.
    /// - Returns: The bytes of each name, which need not be UTF-8.
    /// - Throws: ``SystemError``.
    public static func namesAsBytes(in path: String) throws(SystemError) -> [[UInt8]] {
        guard let stream = opendir(path) else {
            let code = errno
            throw SystemError(call: "opendir", code: code)
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let code = errno
                guard code == 0 else { throw SystemError(call: "readdir", code: code) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Self.dot, name != Self.dotDot { names.append(name) }
        }
    }

    private static let dot = Array(".".utf8)
    private static let dotDot = Array("..".utf8)
}
