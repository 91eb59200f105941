import GRDB

/// What can go wrong with the database of jobs.
public enum JobStoreError: Error, Sendable, Equatable {
    /// The database was made by a newer version: its schema's version, and the newest one known here.
    case databaseNewer(found: Int, known: Int)
    /// The database must be brought to this version's schema first: its schema's version, and the one that is needed.
    case databaseOlder(found: Int, known: Int)
    /// A migration that was applied differs from the one of the same version in this binary.
    case migrationChanged(name: String)
    /// The file holds tables of something else.
    case foreignDatabase
    /// The file has no tables, and none were to be made.
    case emptyDatabase
    /// The file is damaged; the words are SQLite's.
    case corrupt(String)
    /// The disk is full or failed; what was being written is not there.
    case disk(code: Int32, message: String)
    /// Another process holds the database.
    case busy
    /// No API key has this identifier.
    case unknownTenant
    /// A job must have at least one image.
    case noImages
    /// The cursor is not one that was given out.
    case invalidCursor
    /// The system gave no random bytes.
    case randomUnavailable
    /// Any other answer of SQLite: its extended code and its words, without the values of the statement.
    case database(code: Int32, message: String)

    /// Whether the disk took nothing more, as a full one does.
    public var isOfWriting: Bool {
        guard case .disk = self else { return false }
        return true
    }

    /// Sorts what a statement threw.
    init(_ error: any Error) {
        switch error {
        case let error as JobStoreError: self = error
        case let error as DatabaseError: self.init(error)
        default: self = .corrupt("A value in the database could not be read.")
        }
    }

    private init(_ error: DatabaseError) {
        let message = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(message)
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
            self = .disk(code: error.extendedResultCode.rawValue, message: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        default: self = .database(code: error.extendedResultCode.rawValue, message: message)
        }
    }
}

extension JobStoreError: CustomStringConvertible {
    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .databaseNewer(let found, let known):
            "The database has schema version \(found), but this version of Palimpsest knows only \(known); use a newer one."
        case .databaseOlder(let found, let known):
            "The database has schema version \(found), but this version of Palimpsest needs \(known); start its server once."
        case .migrationChanged(let name):
            "The migration \(name) in this binary is not the one that was applied to the database; it must not be changed."
        case .foreignDatabase: "The database file belongs to another program."
        case .emptyDatabase: "The database file has nothing in it."
        case .corrupt(let message): "The database is damaged: \(message)"
        case .disk(_, let message): "The database could not be read or written: \(message)"
        case .busy: "Another process holds the database."
        case .unknownTenant: "There is no such API key."
        case .noImages: "A job must have at least one image."
        case .invalidCursor: "The cursor is not one that was given out."
        case .randomUnavailable: "The system gave no random bytes."
        case .database(let code, let message): "SQLite answered \(code): \(message)"
        }
    }
}
