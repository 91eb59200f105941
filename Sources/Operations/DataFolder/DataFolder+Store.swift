public import BlobStorage
import PostgresStore
public import Queue
import SQLiteStore
import SemanticImages

extension DataFolder {
    /// Opens the database, wherever it is.
    ///
    /// - Parameters:
    ///   - location: Where it is.
    ///   - isMade: Whether one in the data folder may be created.
    /// - Returns: The store.
    /// - Throws: `Fault` with a remedy; other errors of the store.
    public func openStore(
        at location: DatabaseLocation,
        making isMade: Bool
    ) throws -> any Store {
        switch location {
        case .folder: try openStore(making: isMade)
        case .postgres(let database):
            try PostgresStore(
                database.location,
                generatorVersion: SemanticImageGenerator.version
            )
        }
    }

    /// The notes of all nodes about blobs to come, if the store keeps such.
    public static func blobNotes(in store: any Store) -> (any BlobNotes)? {
        store as? any BlobNotes
    }

    /// Opens the database; if the disk is full, it uses the reserve.
    ///
    /// - Parameter isMade: Whether the database may be created.
    /// - Returns: The store.
    /// - Throws: `Fault` with a remedy if the database is damaged, empty or another program's;
    ///   other errors of the store.
    public func openStore(making isMade: Bool) throws -> any Store {
        do throws(StoreError) {
            return try open(making: isMade)
        } catch {
            throw Self.loss(error, of: path) ?? error
        }
    }

    /// Returns the remedy for a database that is damaged, empty or another program's; `nil` for
    /// other errors.
    static func loss(_ error: any Error, of path: String) -> Fault? {
        switch error as? StoreError {
        case .corrupt, .foreignDatabase, .emptyDatabase:
            Fault(
                description:
                    "\(error) It is \(path)/\(databaseName). \(DataFolderSurvey.remedy(path))"
            )
        default: nil
        }
    }

    private func open(making isMade: Bool) throws(StoreError) -> any Store {
        let version = SemanticImageGenerator.version
        while true {
            do throws(StoreError) {
                return try SQLiteStore(
                    path: databasePath,
                    generatorVersion: version,
                    making: isMade
                )
            } catch {
                guard error.isDiskFailure, DiskReserve.release(in: path) else { throw error }
            }
        }
    }
}
