public import Queue
import SQLiteStore
import SemanticImages

extension DataFolder {
    /// Opens the database; on a disk without room by giving its reserve up.
    ///
    /// - Parameter isMade: Whether a database may be made.
    /// - Returns: The store.
    /// - Throws: `Fault` for a database that is none of ours or damaged, with what can be done;
    ///   other faults of the store.
    public func openStore(making isMade: Bool) throws -> any Store {
        do throws(StoreError) {
            return try open(making: isMade)
        } catch {
            throw Self.loss(error, of: path) ?? error
        }
    }

    /// What can be done about a database that is none of ours, or damaged; `nil` for other faults
    /// of the store.
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
                guard error.isOfWriting, DiskReserve.release(in: path) else { throw error }
            }
        }
    }
}
