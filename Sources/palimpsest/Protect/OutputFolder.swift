import CLinux
import Glibc
import JobModel
import Synchronization

/// The folder of the results.
///
///     DIR/CLASS/NAME.png, DIR/CLASS/NAME.json   results
///     DIR/palimpsest-classes.json               the classes, see ``ClassRegistry``
///     DIR/palimpsest-manifests/                 what services have signed, see ``ResultFiles``
///     DIR/.palimpsest-partial/                  files that are being written, removed at the end and by the next call
///
/// A file is written under another name and then renamed, so that whatever kills the process, no result is half there. One call at a
/// time has the folder.
final class OutputFolder: Sendable {
    /// A fault of the disk, in the system's words.
    struct Fault: Error, CustomStringConvertible {
        let code: Int32
        let description: String

        init(_ action: String, _ code: Int32) {
            self.code = code
            description = "\(action): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
        }
    }

    let path: String
    let identity: FileIdentity
    /// Whether the folder was not there before.
    private let isMade: Bool
    /// Holds the lock until the process ends.
    private let lock: Int32
    private let partial: String
    private let counter = Atomic<Int>(0)
    private let madeFolders = Mutex<Set<String>>([])

    /// Makes the folder where it is missing, and locks it.
    ///
    /// - Throws: ``CommandFault``.
    init(path: String) throws {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = trimmed
        partial = trimmed + "/.palimpsest-partial"
        isMade = access(trimmed, F_OK) != 0
        do throws(Fault) {
            try Self.makeFolders(trimmed)
        } catch {
            throw CommandFault("The folder \(StandardError.printable(trimmed)) could not be made: \(error).")
        }
        guard case .folder(let identity) = FileKind(path: trimmed) else {
            throw CommandFault("\(StandardError.printable(trimmed)) is not a folder.")
        }
        self.identity = identity
        lock = open(trimmed, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(lock)
            throw CommandFault(
                "Another call is writing to \(StandardError.printable(trimmed)); wait for it, or name another --out."
            )
        }
        removeTemporary()
    }

    deinit {
        // Unlocked by word, since a child that is just being started holds a copy of the descriptor for a moment.
        if lock >= 0 {
            flock(lock, LOCK_UN)
            close(lock)
        }
    }

    // MARK: - Names

    /// The folder of a class's results.
    ///
    /// Earlier releases called it by the label itself, whatever that was; what they have begun goes on there.
    func folder(of label: ClassLabel) -> String {
        if label.folderName != label.text, case .folder = FileKind(path: "\(path)/\(label)") {
            return "\(path)/\(label)"
        }
        return "\(path)/\(label.folderName)"
    }

    func picturePath(of picture: PlannedPicture) -> String {
        "\(folder(of: picture.label))/\(picture.name.fileName)"
    }

    func reportPath(of picture: PlannedPicture) -> String {
        "\(folder(of: picture.label))/\(picture.name.base)\(ProtectedFile.reportSuffix)"
    }

    func manifestPath(of job: JobIdentifier) -> String {
        "\(path)/palimpsest-manifests/\(job).json"
    }

    /// Whether there are results of a class.
    func hasClass(called name: String) -> Bool {
        guard let label = try? ClassLabel(name), case .folder = FileKind(path: folder(of: label)) else {
            return false
        }
        return true
    }

    // MARK: - Writing

    /// Writes a file as a whole or not at all.
    ///
    /// - Parameters:
    ///   - bytes: What is in it.
    ///   - destination: Its path, in this folder or a folder of it, which is made if it is missing.
    ///   - isOverwriting: Whether a file that exists may be replaced; if not it gives `EEXIST`.
    ///   - isSecret: Whether nobody but its owner may read it.
    /// - Throws: ``Fault``.
    func write(
        _ bytes: [UInt8],
        to destination: String,
        isOverwriting: Bool,
        isSecret: Bool = false
    ) throws(Fault) {
        try makeFolderOnce(String(destination[..<(destination.lastIndex(of: "/") ?? destination.startIndex)]))
        try makeFolderOnce(partial)
        let temporary = "\(partial)/\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
        do throws(Fault) {
            try Self.create(temporary, bytes, mode: isSecret ? 0o600 : 0o666)
            let code = isOverwriting ? rename(temporary, destination) : plm_rename_exclusive(temporary, destination)
            let error = isOverwriting && code != 0 ? errno : code
            guard error == 0 else { throw Fault("writing", error) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes a file without a name, for this call alone.
    ///
    /// - Returns: A descriptor for reading and writing, the caller's to close.
    /// - Throws: ``Fault``.
    func unnamedFile() throws(Fault) -> Int32 {
        try makeFolderOnce(partial)
        let temporary = "\(partial)/\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Fault("writing", errno) }
        unlink(temporary)
        return descriptor
    }

    /// Removes what a call that was killed, or this one, has left half written.
    func removeTemporary() {
        guard let stream = opendir(partial) else { return }
        while let entry = readdir(stream) {
            // The names are our own, and a folder is not removed by unlink.
            _ = unlinkat(dirfd(stream), Self.name(of: entry), 0)
        }
        closedir(stream)
        rmdir(partial)
        _ = madeFolders.withLock { $0.remove(partial) }
    }

    /// Removes the folder if this call has made it and nothing lies in it.
    func removeIfMade() {
        if isMade { rmdir(path) }
    }

    // MARK: - Steps

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }

    private static func create(_ path: String, _ bytes: [UInt8], mode: mode_t) throws(Fault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Fault("writing", errno) }
        var sent = 0
        var code: Int32 = 0
        while sent < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent)
            }
            if count < 0 { code = errno == EINTR ? 0 : errno } else { sent += count }
        }
        // Some file systems tell a full disk only here.
        if close(descriptor) != 0, code == 0 { code = errno }
        guard code == 0 else { throw Fault("writing", code) }
    }

    private func makeFolderOnce(_ folder: String) throws(Fault) {
        guard !madeFolders.withLock({ $0.contains(folder) }) else { return }
        try Self.makeFolders(folder)
        _ = madeFolders.withLock { $0.insert(folder) }
    }

    /// Makes a folder and those above it.
    private static func makeFolders(_ path: String) throws(Fault) {
        guard mkdir(path, 0o777) != 0 else { return }
        let code = errno
        if code == EEXIST { return }
        guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw Fault("making a folder", code)
        }
        try makeFolders(String(path[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw Fault("making a folder", errno) }
    }
}
