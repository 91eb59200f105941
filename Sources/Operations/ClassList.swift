import PostgresStore
public import Queue
import SemanticImages

/// The classes in a database that servers may be using.
public enum ClassList {
    /// Returns all classes of all keys that have a semantic image.
    ///
    /// This blocks on the network and the database.
    ///
    /// - Parameter database: Where they are.
    /// - Returns: The classes, sorted by label.
    /// - Throws: `StoppedService.Fault`.
    public static func classes(
        in database: DatabaseLocation.PostgresDatabase
    ) async throws(StoppedService.Fault) -> [ClassSummary] {
        do throws(StoreError) {
            let store: any Store = try PostgresStore(
                attachingTo: database.location,
                generatorVersion: SemanticImageGenerator.version
            )
            let classes = try await store.classes()
            try store.close()
            return classes
        } catch {
            throw StoppedService.Fault(description: database.complaint(error))
        }
    }
}
