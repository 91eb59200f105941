/// An error of a store.
public enum StoreError: Error, Sendable, Equatable {
    /// A newer version of Palimpsest made the schema: its version, and the newest that this one
    /// knows.
    case schemaNewer(found: Int, known: Int)
    /// The schema must be brought up to date first: its version, and the one that is needed.
    case schemaOlder(found: Int, known: Int)
    /// A migration that was applied differs from the one of the same version in this binary.
    case migrationChanged(name: String)
    /// The database belongs to another program.
    case foreignDatabase
    /// The database has no tables, and none were to be made.
    case emptyDatabase
    /// The database is damaged; the text says how.
    case corrupt(String)
    /// The disk is full or failed, and nothing of the transaction was written; the text says more.
    case disk(String)
    /// Others hold the database, or it has too much to do.
    case busy
    /// The database cannot be reached now, or is going down; the text says why. What was written is
    /// not known.
    case unavailable(String)
    /// No API key has this identifier.
    case unknownTenant
    /// A job must have at least one image.
    case noImages
    /// The cursor is not one that the store gave out.
    case invalidCursor
    /// The system gave no random bytes.
    case randomUnavailable
    /// Any other answer of the database: its code and its text, without the values of the
    /// statement.
    case database(code: String, message: String)

    /// Whether the error says nothing about what was asked, and ends once an operator or another
    /// process is done.
    public var isPassing: Bool {
        switch self {
        case .disk, .busy, .unavailable: true
        default: false
        }
    }

    /// Whether the disk is full or failed.
    public var isDiskFailure: Bool {
        if case .disk = self { true } else { false }
    }
}

extension StoreError: CustomStringConvertible {
    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .schemaNewer(let found, let known):
            """
            The database has schema version \(found), but this version of Palimpsest knows only \
            \(known); use a newer one.
            """
        case .schemaOlder(let found, let known):
            """
            The database has schema version \(found), but this version of Palimpsest needs \
            \(known); start its server once.
            """
        case .migrationChanged(let name):
            """
            The migration \(name) in this binary is not the one that was applied to the database; \
            it must not be changed.
            """
        case .foreignDatabase: "The database file belongs to another program."
        case .emptyDatabase: "The database file has nothing in it."
        case .corrupt(let message): "The database is damaged: \(message)"
        case .disk(let message): "The database could not be read or written: \(message)"
        case .busy: "Another process holds the database."
        case .unavailable(let message): "The database cannot be reached: \(message)"
        case .unknownTenant: "There is no such API key."
        case .noImages: "A job must have at least one image."
        case .invalidCursor: "The cursor is not one that was given out."
        case .randomUnavailable: "The system gave no random bytes."
        case .database(let code, let message): "The database answered \(code): \(message)"
        }
    }
}
