import BlobStorage
import Cryptography
import LocalBlobs
import POSIX
import Queue
import SQLiteStore

/// Copies a data folder that a server may be using, for `palimpsest backup`.
///
/// It copies a consistent snapshot of the database, then the blobs that the snapshot refers to.
/// Blobs that the server erases in between are missing. It then copies the database again, which no
/// longer refers to them, until nothing is missing. What is missing from the fifth copy was lost by
/// the data folder itself. Only when all other blobs are there does the new database replace an
/// earlier backup's, and only then are unneeded blobs removed.
///
/// A backup contains the file ``DataFolder/backupMark``, which a server that serves it removes.
/// Nothing but a marked backup is ever overwritten.
public struct DataFolderBackup {
    /// What a backup did, in numbers of blobs.
    public struct Result: Sendable, Equatable {
        /// Blobs that were hard-linked, on the same disk.
        public internal(set) var linked = 0
        /// Blobs whose bytes were copied.
        public internal(set) var copied = 0
        /// Blobs that an earlier backup already had.
        public internal(set) var present = 0
        /// Blobs that only an earlier backup needed.
        public internal(set) var removed = 0
        /// Blobs that the data folder has lost, or that proved damaged when copied.
        ///
        /// Linking does not read the bytes, so it finds no damage.
        public internal(set) var missing = 0
    }

    /// How often to copy the database at most; the data folder has lost what is still missing then.
    private static let passes = 5
    /// What an earlier backup may contain; a folder with anything else is not overwritten.
    private static let ownNames: Set<String> = [
        DataFolder.databaseName, lockName, "blobs", "tmp", "admin-key", "admin-key.new",
        "signing-key",
        "signing-key.new",
        DataFolder.backupMarkName, DataFolder.backupMarkName + ".new",
    ]
    /// The only file there if a first backup was killed before it was marked.
    private static let lockName = "lock"
    private static let databaseDraft = DataFolder.databaseName + ".new"
    /// The copied database and the files that SQLite may leave beside it if a backup is killed.
    private static let draftNames = ["", "-journal", "-wal", "-shm"].map { databaseDraft + $0 }

    private let source: String
    private let destination: String

    /// Creates a backup; ``run()`` performs it.
    ///
    /// - Parameters:
    ///   - source: The data folder.
    ///   - destination: The folder of the copy.
    public init(of source: String, to destination: String) {
        self.source = source
        self.destination = destination
    }

    /// Performs the backup, blocking on the disks.
    ///
    /// - Returns: What was done.
    /// - Throws: `StoppedService.Fault` if the data folder or the backup cannot be used; an earlier
    ///   backup then stays complete.
    public func run() throws(StoppedService.Fault) -> Result {
        do {
            _ = try DataFolder.existingDatabase(of: source)
            guard try !liesInSource() else {
                throw StoppedService.Fault(
                    description: "A backup must not lie in the data folder that it is of."
                )
            }
            let isEarlier = try holdsBackup()
            let folder = try DataFolder(path: destination)
            if isEarlier {
                // Check again: it may have been served before this process locked it.
                guard try folder.backupMark.read() != nil else { throw noBackup }
            } else {
                try folder.backupMark.write(
                    "This folder is a backup, made by `palimpsest backup`.\n"
                )
            }
            let result = try copy(to: folder)
            withExtendedLifetime(folder) {}
            return result
        } catch let fault as StoppedService.Fault {
            throw fault
        } catch let fault as DataFolder.Fault {
            throw StoppedService.Fault(description: fault.description)
        } catch {
            let loss = DataFolder.loss(error, of: source)?.description
            throw StoppedService.Fault(description: loss ?? "The backup cannot be made: \(error)")
        }
    }

    private func copy(to folder: DataFolder) throws -> Result {
        let draft = "\(destination)/\(Self.databaseDraft)"
        let ours = try LocalBlobs(root: destination)
        try ours.sweepTemporary()
        let theirs = try LocalBlobs(root: source)
        var result = Result()
        var referenced: Set<SHA256Digest> = []
        for pass in 1...Self.passes {
            for name in Self.draftNames { _ = try? FileSystem.unlink("\(destination)/\(name)") }
            referenced = try SQLiteStore.copyDatabase(
                at: "\(source)/\(DataFolder.databaseName)",
                to: draft
            )
            result.missing = 0
            for sha256 in referenced {
                do throws(BlobStorageError) {
                    switch try theirs.copy(sha256, to: ours) {
                    case .linked: result.linked += 1
                    case .copied: result.copied += 1
                    case .present: if pass == 1 { result.present += 1 }
                    }
                } catch .notFound {
                    result.missing += 1
                } catch .corrupt {
                    result.missing += 1
                }
            }
            if result.missing == 0 { break }
        }
        try ours.synchronize()
        try copyKeys(to: folder)
        do throws(SystemError) {
            try FileSystem.rename(draft, to: folder.databasePath)
            try Folder.synchronize(destination)
        } catch {
            throw fault(error)
        }
        result.removed = try ours.sweepOrphans(ifOlderThan: .seconds(-1)) {
            referenced.contains($0)
        }
        return result
    }

    private func copyKeys(to folder: DataFolder) throws {
        for (name, file) in [("admin-key", folder.adminKey), ("signing-key", folder.signingKey)] {
            let original = SecretFile(path: "\(source)/\(name)", purpose: file.purpose)
            if let text = try original.read() { try file.write(text) }
        }
    }

    // MARK: - Folders

    /// Refuses a folder that holds anything but an earlier backup, such as a data folder or a
    /// backup that was served since.
    ///
    /// - Returns: Whether there is a backup; otherwise the folder is empty or missing.
    private func holdsBackup() throws -> Bool {
        let names: Set<String>
        do throws(SystemError) {
            names = Set(try Folder.names(in: destination))
        } catch {
            guard error.isMissing else { throw fault(error) }
            return false
        }
        guard try identity(of: source) != identity(of: destination) else {
            throw StoppedService.Fault(description: "A data folder cannot be its own backup.")
        }
        if names.isSubset(of: [Self.lockName, DataFolder.backupMarkName + ".new"]) { return false }
        let isMarked = names.contains(DataFolder.backupMarkName)
        guard isMarked || !names.contains(DataFolder.databaseName) else { throw noBackup }
        if let name = names.subtracting(Self.ownNames).subtracting(Self.draftNames).min() {
            throw StoppedService.Fault(
                description:
                    "The folder \(destination) holds \(name), so it is not a backup, or has been served since; "
                    + "name another folder."
            )
        }
        guard isMarked else { throw noBackup }
        return true
    }

    private var noBackup: StoppedService.Fault {
        StoppedService.Fault(
            description:
                "The folder \(destination) is a data folder, not a backup, or has been served since; name another folder."
        )
    }

    /// Returns whether the destination is or would be inside the data folder.
    private func liesInSource() throws -> Bool {
        let folder = try identity(of: source)
        var path = destination
        while !FileSystem.isPresent(path), let slash = path.lastIndex(of: "/") {
            path = slash == path.startIndex ? "/" : String(path[..<slash])
            if path == "/" { break }
        }
        if !FileSystem.isPresent(path) { path = "." }
        while true {
            // `holdsBackup()` has its own message for an existing destination.
            if path != destination, try identity(of: path) == folder { return true }
            let above = path + "/.."
            guard try identity(of: above) != identity(of: path) else { return false }
            path = above
        }
    }

    /// Returns what identifies a folder, whatever its path.
    private func identity(of path: String) throws -> FileIdentity {
        do throws(SystemError) {
            return try FileStatus(of: path).identity
        } catch {
            throw fault(error)
        }
    }

    private func fault(_ error: SystemError) -> StoppedService.Fault {
        StoppedService.Fault(
            description: "The folder \(destination) cannot be written: \(error.words)."
        )
    }
}
