import JobModel
import POSIX
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
        let description: String
        /// Whether it is that the name is taken.
        let isOfTakenName: Bool

        /// Says what failed while something was done.
        init(_ action: String, _ error: SystemError) {
            description = "\(action): \(error.words)"
            isOfTakenName = error.isTaken
        }

        /// Makes a call, whose failure becomes a fault of what is being done.
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
    /// Whether the folder was not there before.
    private let isMade: Bool
    /// Held until the process ends; `nil` on a disk that has no locks.
    private let lock: FolderLock?
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
        isMade = !FileSystem.isPresent(trimmed)
        do throws(Fault) {
            try Fault.during("making a folder", Folder.makeWithParents(trimmed, permissions: 0o777))
        } catch {
            throw CommandFault(
                "The folder \(StandardError.printable(trimmed)) could not be made: \(error)."
            )
        }
        guard case .folder(let identity) = FileKind(path: trimmed) else {
            throw CommandFault("\(StandardError.printable(trimmed)) is not a folder.")
        }
        self.identity = identity
        do throws(FolderLock.Failure) {
            lock = try FolderLock(on: trimmed)
        } catch .held {
            throw CommandFault(
                "Another call is writing to \(StandardError.printable(trimmed)); wait for it, or name another --out."
            )
        } catch {
            lock = nil
        }
        removeTemporary()
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
        guard let label = try? ClassLabel(name), case .folder = FileKind(path: folder(of: label))
        else {
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
        try makeFolderOnce(Folder.containing(destination))
        try makeFolderOnce(partial)
        do throws(SystemError) {
            let file = try StagedFile(
                for: destination,
                at: newTemporary(),
                permissions: isSecret ? 0o600 : 0o666,
                replacingLeftover: true
            )
            try file.write(bytes)
            try file.publish(replacingExisting: isOverwriting, durability: .none)
        } catch {
            throw Fault("writing", error)
        }
    }

    /// Makes a file without a name, for this call alone.
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

    /// Removes what a call that was killed, or this one, has left half written.
    func removeTemporary() {
        guard let names = try? Folder.names(in: partial) else { return }
        // The names are our own, and a folder is not removed by unlink.
        for name in names { _ = try? FileSystem.unlink("\(partial)/\(name)") }
        _ = try? Folder.removeEmpty(partial)
        _ = madeFolders.withLock { $0.remove(partial) }
    }

    /// Removes the folder if this call has made it and nothing lies in it.
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
