import POSIX

/// What a data folder holds, looked at without changing anything in it.
///
/// A new database in a folder of an old one would be the end of everything in it: no row would
/// refer to its photos any more, and no key would open it. So a database is made only where no
/// server has been before, or where its first start did not come to its end.
struct DataFolderSurvey {
    /// What is where the database should be.
    enum Database: Equatable {
        case missing
        /// A file without bytes.
        case empty
        /// A file that does not begin as those of SQLite do.
        case foreign
        /// A file of SQLite, whatever is in it; and whether it keeps a write-ahead log.
        case present(hasLog: Bool)
    }

    /// What stands at the beginning of every file of SQLite, see
    /// https://www.sqlite.org/fileformat2.html.
    private static let signature = Array("SQLite format 3\0".utf8)
    /// Where a 2 tells that a log is kept, and a 1 that none is.
    private static let writeVersionOffset = 18

    let path: String
    let database: Database
    /// What SQLite kept beside the database, by name, as far as it is not empty.
    let logs: [String]
    /// The keys that are there, as complaints name them.
    let keys: [String]
    /// How many blobs are there.
    let photos: Int
    /// Whether a server has had the folder.
    let wasServed: Bool
    /// Whether its first start did not come to its end.
    let isUnfinished: Bool

    /// Looks at a folder.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be looked at; one that is missing is empty.
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
        photos = try folders.reduce(0) {
            $0 + (try Self.names(in: $1).count { $0.utf8.count == 64 })
        }
        wasServed = exists("lock")
        isUnfinished = exists(DataFolder.firstStartMarkName)
    }

    // MARK: - Verdicts

    /// Whether a server may make a database here.
    ///
    /// Keys alone are no reason against it where no server has been: an operator may have put them
    /// there for the first start.
    ///
    /// - Throws: `DataFolder.Fault` if the folder is an old one and its database is gone, or not
    ///   the one that it had.
    func mayMakeDatabase() throws -> Bool {
        switch database {
        case .present(let hasLog):
            try refuseForeignLog(hasLog)
            // One that has no tables yet is the work of a first start, too.
            return photos == 0 && (isUnfinished || keys.isEmpty)
        case .foreign: throw loss("is no database of SQLite")
        case .missing, .empty:
            let isFresh =
                photos == 0 && (isUnfinished || logs.isEmpty && (keys.isEmpty || !wasServed))
            guard isFresh else { throw loss(database == .empty ? "is empty" : "is missing") }
            return true
        }
    }

    /// Requires the database of a folder that a server has made, for a command that makes none.
    ///
    /// - Throws: `DataFolder.Fault` if it is not there.
    func requireDatabase() throws {
        switch database {
        case .present(let hasLog): try refuseForeignLog(hasLog)
        case .foreign: throw loss("is no database of SQLite")
        case .empty where !isUnfinished && (photos > 0 || !keys.isEmpty || !logs.isEmpty):
            throw loss("is empty")
        case .missing where !isUnfinished && (photos > 0 || !keys.isEmpty || !logs.isEmpty):
            throw loss("is missing")
        case .missing, .empty:
            throw DataFolder.Fault(
                description:
                    "\(path) is not a data folder: it has no \(DataFolder.databaseName), which the first start of "
                    + "`palimpsest serve` makes."
            )
        }
    }

    /// How to go on without the database of the folder.
    static func remedy(_ path: String, logs: [String] = []) -> String {
        let name = DataFolder.databaseName
        let verb = logs.count == 1 ? "belongs" : "belong"
        let away =
            logs.isEmpty
            ? ""
            : " First move \(logs.joined(separator: " and ")) away, which \(verb) to the lost one."
        return
            "Nothing was changed.\(away) To restore it, copy the whole last backup (`palimpsest backup`) to this folder; its "
            + "\(name) alone does where nothing was erased or has expired since. To start anew without what the folder holds, "
            + "move the folder away, or name another one by --data."
    }

    private func loss(_ what: String) -> DataFolder.Fault {
        var held = keys
        if photos > 0 {
            held.insert(photos == 1 ? "1 file of a photo" : "\(photos) files of photos", at: 0)
        }
        if !logs.isEmpty { held.append(logs.joined(separator: ", ")) }
        let rest = held.isEmpty ? "" : ", but the folder holds \(held.joined(separator: ", "))"
        return DataFolder.Fault(
            description:
                "The database \(path)/\(DataFolder.databaseName) \(what)\(rest). \(Self.remedy(path, logs: logs))"
        )
    }

    /// Refuses a log that another database has left, which SQLite would write into this one.
    ///
    /// The copies of `palimpsest backup` keep no log; one beside them is that of the database which
    /// they replace.
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

    // MARK: - Looking

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

    /// The names in a folder; none if there is no such folder.
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
