import BlobStorage
import Cryptography
import JobModel
import Logging
import POSIX
public import Queue
import SemanticImages

/// The data folder of a service that is not running, for commands that read or change it.
///
/// It holds the folder's lock while it lives, so that no server can start.
public final class StoppedService: Sendable {
    /// Why a command cannot do its work.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    private let path: String
    let folder: DataFolder
    let store: any Store
    let blobs: any BlobStorage
    let disk: BlockingExecutor
    private let leftovers: Leftovers

    /// Opens a server's data folder and migrates its database to this version's schema.
    ///
    /// - Parameter path: The folder.
    /// - Throws: ``Fault`` if there is no data folder, it belongs to another user, a server has
    ///   locked it, or it cannot be used.
    public init(dataFolder path: String) throws(Fault) {
        self.path = path
        do {
            _ = try DataFolder.existingDatabase(of: path)
            folder = try DataFolder(path: path)
            store = try folder.openStore(making: false)
            let files = try folder.openBlobs()
            blobs = files
            disk = .forDataFolder()
            leftovers = Leftovers(
                store: store,
                blobs: NodeBlobs(own: files),
                disk: disk,
                logger: Logger(label: "palimpsest") { _ in SwiftLogNoOpLogHandler() }
            )
        } catch let fault as DataFolder.Fault {
            throw Fault(
                description: fault.isHeld
                    ? fault.description + " Stop the server first." : fault.description
            )
        } catch {
            throw Self.unusable(path, error)
        }
    }

    /// Checkpoints and closes the database; every later call fails.
    public func close() throws(Fault) {
        do { try store.close() } catch { throw unusable(error) }
    }

    // MARK: - Reading

    /// Returns all classes of all keys that have a semantic image.
    ///
    /// - Returns: The classes, sorted by label.
    /// - Throws: ``Fault``.
    public func classes() async throws(Fault) -> [ClassSummary] {
        do { return try await store.classes() } catch { throw unusable(error) }
    }

    /// Finds a key by name or identifier.
    ///
    /// - Parameter named: The name or the identifier; `nil` for the only key, or else the one in
    ///   `admin-key`.
    /// - Returns: A key that is not revoked.
    /// - Throws: ``Fault`` if there is none, or several have this name.
    public func key(named: String?) async throws(Fault) -> APIKey {
        let keys: [APIKey]
        let adminKey: APIKey?
        do {
            keys = try await store.keys().filter { $0.revokedAt == nil }
            adminKey = named == nil && keys.count > 1 ? try await folder.adminKey(in: store) : nil
        } catch let fault as DataFolder.Fault {
            throw Fault(description: fault.description)
        } catch {
            throw unusable(error)
        }
        guard let named else {
            if let key = keys.count == 1 ? keys.first : adminKey { return key }
            throw Fault(description: "There is no admin key in \(path); name a key by --key.")
        }
        do throws(KeyNameFault) {
            return try KeyNameFault.find(named, among: keys)
        } catch {
            throw Fault(description: error.description)
        }
    }

    // MARK: - Helpers

    static func unusable(_ path: String, _ error: any Error) -> Fault {
        Fault(description: "The data folder \(path) cannot be used: \(error)")
    }

    func unusable(_ error: any Error) -> Fault {
        Self.unusable(path, error)
    }

    /// Cleans up after a server or an import that was killed.
    func cleanUp() async throws {
        try await leftovers.cleanUpAfterLastRun()
    }
}
