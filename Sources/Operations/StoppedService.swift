import BlobStorage
import Cryptography
import JobModel
import Logging
import POSIX
public import Queue
import SemanticImages

/// The data folder of a service that does not run, for commands that look into it or change it.
///
/// It holds the folder's lock as long as it lives, so that no server starts meanwhile.
public final class StoppedService: Sendable {
    /// Why a command cannot do its work, in one sentence.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    private let path: String
    private let folder: DataFolder
    let store: any Store
    let blobs: any BlobStorage
    let disk: BlockingExecutor
    private let leftovers: Leftovers

    /// Opens a data folder that a server has made, and brings its database to this version's
    /// schema.
    ///
    /// - Parameter path: The folder.
    /// - Throws: ``Fault`` if there is none, it is another user's, a server has it, or it cannot be
    ///   used.
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
                blobs: files,
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

    /// Folds the database together and closes it; every later call fails.
    ///
    /// - Throws: ``Fault``.
    public func close() throws(Fault) {
        do { try store.close() } catch { throw unusable(error) }
    }

    // MARK: - Looking

    /// Every class that has a semantic image, of every key.
    ///
    /// - Returns: The classes, sorted by label.
    /// - Throws: ``Fault``.
    public func classes() async throws(Fault) -> [ClassSummary] {
        do { return try await store.classes() } catch { throw unusable(error) }
    }

    /// The key that is meant.
    ///
    /// - Parameter named: Its name or its identifier; `nil` for the only key there is, or else the
    ///   one in `admin-key`.
    /// - Returns: A key that is not revoked.
    /// - Throws: ``Fault`` if there is none, or several are called so.
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

    // MARK: - Steps

    static func unusable(_ path: String, _ error: any Error) -> Fault {
        Fault(description: "The data folder \(path) cannot be used: \(error)")
    }

    func unusable(_ error: any Error) -> Fault {
        Self.unusable(path, error)
    }

    /// What a server or an import that was killed has left.
    func cleanUp() async throws {
        try await leftovers.cleanUpAfterLastRun()
    }
}
