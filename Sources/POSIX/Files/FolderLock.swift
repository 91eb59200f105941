import Glibc

/// The lock by which one process at a time has a folder; it goes with the process, however that
/// ends.
public struct FolderLock: ~Copyable, Sendable {
    /// Why there is no lock.
    public enum Failure: Error, Sendable, Equatable {
        /// Another process has it, or another part of this one.
        case held
        /// What the lock is on cannot be opened.
        case unopened(SystemError)
        /// The disk has no locks, or no more.
        case unlockable(SystemError)
    }

    private let file: FileDescriptor

    /// Takes the lock by a file in the folder, which is made if it is missing.
    ///
    /// - Parameter path: The file's path.
    /// - Throws: ``Failure``.
    public init(byFile path: String) throws(Failure) {
        file = try Self.locked { () throws(SystemError) in
            try FileDescriptor(opening: path, for: .readingAndWriting, .create)
        }
    }

    /// Takes the lock on the folder itself, in which no file has to be made for that.
    ///
    /// - Parameter path: The folder's path.
    /// - Throws: ``Failure``.
    public init(on path: String) throws(Failure) {
        file = try Self.locked { () throws(SystemError) in
            try FileDescriptor(opening: path, .folder)
        }
    }

    private static func locked(
        _ open: () throws(SystemError) -> FileDescriptor
    ) throws(Failure) -> FileDescriptor {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try open()
        } catch {
            throw .unopened(error)
        }
        do throws(SystemError) {
            try checked("flock", flock(file.number, LOCK_EX | LOCK_NB))
        } catch {
            throw error.code == EWOULDBLOCK ? .held : .unlockable(error)
        }
        return file
    }

    /// Closes the copy of the lock that a forked child has.
    ///
    /// The copy would keep the lock until the child has ended, even if this process ends before. Only
    /// the child may call this, and must end without `deinit`.
    public func dropInChild() {
        _ = Glibc.close(file.number)
    }

    deinit {
        // Unlocked explicitly: a child that is just being spawned holds a copy of the descriptor
        // for a moment, which would keep the lock.
        _ = flock(file.number, LOCK_UN)
    }
}
