import POSIX

/// The contents of a data folder, examined without changing anything.
///
/// A new database in a used folder would lose everything in it: no row would refer to its photos,
/// and no key would give access. So a database is created only where no server has been before, or
/// where the first start was not completed.
struct DataFolderSurvey {
    /// What is at the database's path.
    enum Database: Equatable {
        case missing
        /// An empty file.
        case empty
        /// A file without the signature of SQLite.
        case foreign
        /// An SQLite file with any content, and whether it uses a write-ahead log.
        case present(hasLog: Bool)
    }

    /// The first bytes of every SQLite file (https://www.sqlite.org/fileformat2.html).
    private static let signature = Array("SQLite format 3\0".utf8)
    /// The offset of a byte that is 2 with a write-ahead log and 1 without.
    private static let writeVersionOffset = 18

    let path: String
    let database: Database
    /// The names of SQLite's files beside the database that are not empty.
    let logs: [String]
    /// The existing keys, as error messages name them.
    let keys: [String]
    /// The number of blobs, whether filed or set aside.
    let blobCount: Int
    /// Whether a server or a command has locked the folder before.
    let wasLocked: Bool
    /// Whether its first start was not completed.
    let isUnfinished: Bool
    /// Whether its database was moved to another one.
    let isMigrated: Bool

    /// Examines a folder; a missing one counts as empty.
    ///
    /// - Throws: `DataFolder.Fault` if it cannot be read.
    init(of path: String) throws {
        self.path = path
        func exists(_ name: String) -> Bool { FileSystem.isPresent("\(path)/\(name)") }
        database = try Self.database(at: "\(path)/\(DataFolder.databaseName)")
        logs = ["-wal", "-shm", "-journal"].map { DataFolder.databaseName + $0 }.filter {
            Self.size("\(path)/\($0)") > 0
        }
        keys = [("admin-key", "the admin key"), ("signing-key", "the signing key")].filter {
            exists($0.0)
        }.map(\.1)
        let folders =
            try Self.names(in: "\(path)/blobs").map { "\(path)/blobs/\($0)" } + [
                "\(path)/set-aside"
            ]
        blobCount = try folders.reduce(0) {
            $0 + (try Self.names(in: $1).count { $0.utf8.count == 64 })
        }
        wasLocked = exists("lock")
        isUnfinished = exists(DataFolder.firstStartMarkName)
        isMigrated = exists(DataFolder.migratedDatabaseName)
    }

    // MARK: - Verdicts

    /// Returns whether a server may create a database here.
    ///
    /// Keys alone do not forbid it where no server has been: an operator may have put them there
    /// for the first start.
    ///
    /// - Throws: `DataFolder.Fault` if the folder is not new and its database is missing, empty,
    ///   not SQLite's, or beside the log of another database.
    func mayMakeDatabase() throws -> Bool {
        switch database {
        case .present(let hasLog):
            try refuseForeignLog(hasLog)
            // A database without tables may also be left by an unfinished first start.
            return blobCount == 0 && (isUnfinished || keys.isEmpty)
        case .foreign: throw loss("is not an SQLite database")
        case .missing where isMigrated: throw migration
        case .missing, .empty:
            let isFresh =
                blobCount == 0 && (isUnfinished || logs.isEmpty && (keys.isEmpty || !wasLocked))
            guard isFresh else { throw loss(database == .empty ? "is empty" : "is missing") }
            return true
        }
    }

    /// Requires an existing database, for a command that creates none.
    ///
    /// - Throws: `DataFolder.Fault` if it is missing or unusable.
    func requireDatabase() throws {
        switch database {
        case .present(let hasLog): try refuseForeignLog(hasLog)
        case .foreign: throw loss("is not an SQLite database")
        case .missing where isMigrated: throw migration
        case .empty where !isUnfinished && (blobCount > 0 || !keys.isEmpty || !logs.isEmpty):
            throw loss("is empty")
        case .missing where !isUnfinished && (blobCount > 0 || !keys.isEmpty || !logs.isEmpty):
            throw loss("is missing")
        case .missing, .empty:
            throw DataFolder.Fault(
                description:
                    "\(path) is not a data folder: it has no \(DataFolder.databaseName), which the first start of "
                    + "`palimpsest serve` makes."
            )
        }
    }

    /// Returns how to go on without the folder's database.
    static func remedy(_ path: String, logs: [String] = []) -> String {
        let name = DataFolder.databaseName
        let verb = logs.count == 1 ? "belongs" : "belong"
        let away =
            logs.isEmpty
            ? ""
            : " First move \(logs.joined(separator: " and ")) away, which \(verb) to the lost one."
        return
            "Nothing was changed.\(away) To restore it, copy the whole last backup (`palimpsest backup`) to this folder; its "
            + "\(name) alone is enough if nothing was erased or has expired since. To start over without what the folder holds, "
            + "move the folder away, or name another one by --data."
    }

    private var migration: DataFolder.Fault {
        DataFolder.Fault(
            description:
                "The database of \(path) was moved to PostgreSQL by `palimpsest migrate`: serve it with --database "
                + "and --blobs, give `palimpsest keys` that --database, and import classes by the HTTP API. To go "
                + "back to what it was then, rename \(DataFolder.migratedDatabaseName) to "
                + "\(DataFolder.databaseName)."
        )
    }

    private func loss(_ what: String) -> DataFolder.Fault {
        var held = keys
        if blobCount > 0 {
            held.insert(blobCount == 1 ? "1 photo file" : "\(blobCount) photo files", at: 0)
        }
        if !logs.isEmpty { held.append(logs.joined(separator: ", ")) }
        let rest = held.isEmpty ? "" : ", but the folder holds \(held.joined(separator: ", "))"
        return DataFolder.Fault(
            description:
                "The database \(path)/\(DataFolder.databaseName) \(what)\(rest). \(Self.remedy(path, logs: logs))"
        )
    }

    /// Refuses a log of another database, which SQLite would write into this one.
    ///
    /// The databases of `palimpsest backup` use no log. A log beside one belongs to the database
    /// that it replaces.
    private func refuseForeignLog(_ hasLog: Bool) throws {
        let log = DataFolder.databaseName + "-wal"
        guard !hasLog, logs.contains(log) else { return }
        throw DataFolder.Fault(
            description:
                "The database \(path)/\(DataFolder.databaseName) is a copy from a backup, but \(log) beside it "
                + "belongs to the database that it replaces and would damage it. Move \(log) and "
                + "\(DataFolder.databaseName)-shm out of the folder."
        )
    }

    // MARK: - Reading

    private static func database(at path: String) throws -> Database {
        let head: [UInt8]
        do throws(SystemError) {
            head = try FileDescriptor(opening: path).read(writeVersionOffset + 1, at: 0)
        } catch {
            guard error.isMissing || error.isNoFolder else { throw fault(path, error) }
            return .missing
        }
        guard !head.isEmpty else { return .empty }
        guard head.count > writeVersionOffset, head.starts(with: signature) else { return .foreign }
        return .present(hasLog: head[writeVersionOffset] == 2)
    }

    private static func size(_ path: String) -> UInt64 {
        (try? FileStatus(of: path).size) ?? 0
    }

    /// Returns the names in a folder; none if there is no such folder.
    private static func names(in path: String) throws -> [String] {
        do throws(SystemError) {
            return try Folder.names(in: path)
        } catch {
            guard error.isMissing || error.isNoFolder else { throw fault(path, error) }
            return []
        }
    }

    private static func fault(_ path: String, _ error: SystemError) -> DataFolder.Fault {
        DataFolder.Fault(description: "\(path) cannot be read: \(error.words).")
    }
}
