import POSIX
import Synchronization

/// A folder that one run at a time writes to.
///
/// Files are written under a temporary name in `.palimpsest-partial` and then renamed, so a killed
/// process never leaves half a file. The temporary files are removed at the end of the run, or by
/// the next one.
final class LockedFolder: Sendable {
    /// A file system error, described in the system's words.
    struct Fault: Error, CustomStringConvertible {
        let description: String
        /// Whether the error is that the name is taken.
        let isOfTakenName: Bool

        /// Describes an error that occurred during an action, such as "writing".
        init(_ action: String, _ error: SystemError) {
            description = "\(action): \(error.words)"
            isOfTakenName = error.isTaken
        }

        /// Makes a system call and turns its error into a fault of the given action.
        static func during<Value: ~Copyable>(
            _ action: String,
            _ call: @autoclosure () throws(SystemError) -> Value
        ) throws(Fault) -> Value {
            do throws(SystemError) {
                return try call()
            } catch {
                throw Fault(action, error)
            }
        }
    }

    let path: String
    let identity: FileIdentity
    /// Whether this run created the folder.
    private let isMade: Bool
    /// The lock, held until the process ends; `nil` on a disk without locks.
    private let lock: FolderLock?
    private let partial: String
    private let counter = Atomic<Int>(0)
    private let madeFolders = Mutex<Set<String>>([])

    /// Creates the folder if it is missing, locks it and removes temporary files of earlier runs.
    ///
    /// - Parameters:
    ///   - path: The path of the folder.
    ///   - option: The option that names it.
    /// - Throws: ``CommandFault`` if that fails, the folder cannot be read, or another run holds
    ///   the lock.
    init(path: String, option: String) throws {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = trimmed
        partial = trimmed + "/.palimpsest-partial"
        isMade = !FileSystem.isPresent(trimmed)
        do throws(Fault) {
            try Fault.during("making a folder", Folder.makeWithParents(trimmed, permissions: 0o777))
        } catch {
            throw CommandFault(
                "The folder \(StandardError.printable(trimmed)) could not be made: \(error); name another \(option)."
            )
        }
        guard case .folder(let identity) = FileKind(path: trimmed) else {
            throw CommandFault("\(StandardError.printable(trimmed)) is not a folder.")
        }
        self.identity = identity
        do throws(FolderLock.Failure) {
            lock = try FolderLock(on: trimmed)
        } catch {
            switch error {
            case .held:
                throw CommandFault(
                    "Another call is writing to \(StandardError.printable(trimmed)); wait for it, or name another \(option)."
                )
            case .unopened(let error):
                throw CommandFault(
                    "The folder \(StandardError.printable(trimmed)) cannot be opened: \(error.words)."
                )
            case .unlockable: lock = nil
            }
        }
        removeTemporary()
    }

    // MARK: - Writing

    /// Writes a whole file or nothing.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - destination: The path, in this folder or in a subfolder, which is created if it is
    ///     missing.
    ///   - isOverwriting: Whether to replace an existing file; if not, one is the error `EEXIST`.
    ///   - isSecret: Whether only the owner may read the file.
    /// - Throws: ``Fault``.
    func write(
        _ bytes: [UInt8],
        to destination: String,
        isOverwriting: Bool,
        isSecret: Bool = false
    ) throws(Fault) {
        try makeFolder(of: destination)
        let file = try stagedFile(for: destination, isSecret: isSecret)
        do throws(SystemError) {
            try file.write(bytes)
            try file.publish(replacingExisting: isOverwriting, durability: .none)
        } catch {
            throw Fault("writing", error)
        }
    }

    /// Creates a file that gets its name once it is published.
    ///
    /// The folder that it gets its name in need not exist until then; see ``makeFolder(of:)``.
    ///
    /// - Parameters:
    ///   - destination: The path, in this folder or in a subfolder.
    ///   - isSecret: Whether only the owner may read the file.
    /// - Returns: The file, empty.
    /// - Throws: ``Fault``.
    func stagedFile(for destination: String, isSecret: Bool) throws(Fault) -> StagedFile {
        try makeFolderOnce(partial)
        do throws(SystemError) {
            return try StagedFile(
                for: destination,
                at: newTemporary(),
                permissions: isSecret ? 0o600 : 0o666,
                replacingLeftover: true
            )
        } catch {
            throw Fault("writing", error)
        }
    }

    /// Creates the folder that a file lies in, unless it exists.
    func makeFolder(of destination: String) throws(Fault) {
        try makeFolderOnce(Folder.containing(destination))
    }

    /// Has a forked child, which calls this, hold neither the folder nor its lock.
    func dropInChild() { lock?.dropInChild() }

    /// Creates an unnamed file that only this process uses.
    ///
    /// - Returns: The file, open for reading and writing.
    /// - Throws: ``Fault``.
    func unnamedFile() throws(Fault) -> FileDescriptor {
        try makeFolderOnce(partial)
        let temporary = newTemporary()
        let file = try Fault.during(
            "writing",
            FileDescriptor(opening: temporary, for: .readingAndWriting, [.create, .exclusive])
        )
        _ = try? FileSystem.unlink(temporary)
        return file
    }

    /// Stores bytes in a file that goes with ``removeTemporary()``.
    ///
    /// - Returns: Its path.
    /// - Throws: ``Fault``.
    func temporaryFile(called name: String, with bytes: [UInt8]) throws(Fault) -> String {
        let path = "\(partial)/\(name)"
        try write(bytes, to: path, isOverwriting: true, isSecret: true)
        return path
    }

    /// Removes the temporary files of this run, or of one that was killed.
    func removeTemporary() {
        guard let names = try? Folder.names(in: partial) else { return }
        // Only this program names files here. Besides, unlink does not remove folders.
        for name in names { _ = try? FileSystem.unlink("\(partial)/\(name)") }
        _ = try? Folder.removeEmpty(partial)
        _ = madeFolders.withLock { $0.remove(partial) }
    }

    /// Removes the folder if this run created it and it is empty.
    func removeIfMade() {
        if isMade { _ = try? Folder.removeEmpty(path) }
    }

    // MARK: - Steps

    private func newTemporary() -> String {
        "\(partial)/\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    private func makeFolderOnce(_ folder: String) throws(Fault) {
        guard !madeFolders.withLock({ $0.contains(folder) }) else { return }
        try Fault.during("making a folder", Folder.makeWithParents(folder, permissions: 0o777))
        _ = madeFolders.withLock { $0.insert(folder) }
    }
}
