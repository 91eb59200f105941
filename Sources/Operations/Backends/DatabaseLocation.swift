import PostgresStore
import Queue

/// Where the database is: `--database`.
public enum DatabaseLocation: Sendable, Equatable {
    /// An SQLite file in the data folder.
    case folder
    /// A PostgreSQL database, which many nodes share.
    case postgres(PostgresDatabase)

    /// A PostgreSQL database, whose URL has been understood.
    public struct PostgresDatabase: Sendable, Equatable {
        let location: PostgresLocation

        /// Why the database cannot be used, as one sentence.
        func complaint(_ error: StoreError) -> String {
            if case .emptyDatabase = error {
                return "The database \(location) has no tables of Palimpsest: a server makes them, "
                    + "or the URL's schema= is another."
            }
            return "The database \(location) cannot be used: \(error)"
        }
    }

    /// Parses what follows `--database`.
    ///
    /// - Parameter text: `sqlite`, or a URL that begins with `postgres://`.
    /// - Throws: ``LocationFault``.
    public init(_ text: String) throws(LocationFault) {
        if text == "sqlite" {
            self = .folder
            return
        }
        do throws(PostgresLocation.Fault) {
            self = .postgres(PostgresDatabase(location: try PostgresLocation(text)))
        } catch {
            throw LocationFault("must be sqlite, or a URL of PostgreSQL: \(error)")
        }
    }

    /// As it is written after `--database`; it has no secret.
    public var text: String {
        switch self {
        case .folder: "sqlite"
        case .postgres(let database): database.location.description
        }
    }

    /// Whose it is, as one word for metrics.
    public var kind: String {
        switch self {
        case .folder: "sqlite"
        case .postgres: "postgres"
        }
    }

    /// Whether many nodes may share it.
    public var isShared: Bool { self != .folder }
}

/// A setting that names no place.
public struct LocationFault: Error, Equatable, CustomStringConvertible {
    /// What the setting must be, as the end of a sentence that begins with its name.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
