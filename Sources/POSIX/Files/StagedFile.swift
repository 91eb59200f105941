/// A file that appears under its name when it is whole, or not at all.
///
///     open TEMPORARY ─> write … ─> fsync ─> close ─> rename to PATH ─> fsync the folder
///
/// The order matters for a power cut: a name that reached the disk before the bytes did would lead
/// to an empty file, in place of the one before. The ``Durability`` says which of the two fsyncs
/// are made. A file that is not published is removed when its value goes; a process that is killed
/// leaves the temporary file.
public struct StagedFile: ~Copyable, Sendable {
    /// What is sure to survive a power cut once the file is published.
    public enum Durability: Sendable {
        /// Nothing.
        case none
        /// The bytes, wherever the name is there.
        case bytes
        /// The bytes and the name.
        case bytesAndName
    }

    private let path: String
    private let temporary: String
    private var file: FileDescriptor?
    private var isPublished = false

    /// Makes the temporary file, empty.
    ///
    /// - Parameters:
    ///   - path: The path that the file gets.
    ///   - temporary: The path that it has until then, on the same disk.
    ///   - permissions: Who may use it, less what the process's umask forbids.
    ///   - replacesLeftover: Whether a temporary file of that name is one that a process left which
    ///     was killed; otherwise it gives `EEXIST`.
    /// - Throws: ``SystemError``.
    public init(
        for path: String,
        at temporary: String,
        permissions: UInt32 = 0o600,
        replacingLeftover replacesLeftover: Bool
    ) throws(SystemError) {
        // First of all: whoever throws once all is set runs `deinit`, which would remove the file
        // of somebody else.
        file = try Self.make(temporary, permissions, replacesLeftover: replacesLeftover)
        self.path = path
        self.temporary = temporary
    }

    private static func make(
        _ path: String,
        _ permissions: UInt32,
        replacesLeftover: Bool
    ) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor(
                opening: path,
                for: .writing,
                [.create, .exclusive],
                permissions: permissions
            )
        } catch {
            guard replacesLeftover, error.isTaken else { throw error }
        }
        // Not written over: a leftover may have other permissions, or be a link to another file.
        try FileSystem.unlink(path)
        return try make(path, permissions, replacesLeftover: false)
    }

    deinit {
        guard !isPublished else { return }
        // What cannot be removed is a leftover, as after a kill.
        _ = try? FileSystem.unlink(temporary)
    }

    /// Writes bytes behind those that are there; it opens nothing.
    ///
    /// - Parameter bytes: What to write.
    /// - Throws: ``SystemError``.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        try file?.writeAll(bytes)
    }

    /// Ends the file and gives it its name.
    ///
    /// - Parameters:
    ///   - replacesExisting: Whether a file that has the name is replaced; otherwise it gives
    ///     `EEXIST`.
    ///   - durability: What is sure to survive a power cut when this returns.
    /// - Throws: ``SystemError``; then the file is removed, unless it is the folder's fsync that
    ///   failed.
    public consuming func publish(
        replacingExisting replacesExisting: Bool,
        durability: Durability
    ) throws(SystemError) {
        if durability != .none { try file?.synchronize() }
        if let file = file.take() { try file.close() }
        if replacesExisting {
            try FileSystem.rename(temporary, to: path)
        } else {
            try FileSystem.renameExclusively(temporary, to: path)
        }
        isPublished = true
        if durability == .bytesAndName { try Folder.synchronize(Folder.containing(path)) }
    }
}
