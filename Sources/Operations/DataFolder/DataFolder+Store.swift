public import Queue
import SQLiteStore
import SemanticImages

extension DataFolder {
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
