public import Cryptography
public import POSIX
public import Queue

/// The folder that holds the database, the blobs and the keys; one process at a time may lock it.
///
/// The first start creates it with mode 0700. It writes the admin key before the row that makes the
/// key valid. If the server dies in between, the next start finds the file and adds the row. So
/// operators may also put a key of their own there.
public final class DataFolder: Sendable {
    /// Why a data folder cannot be used.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// One sentence.
        public let description: String
        /// Whether the only reason is that another process holds the folder's lock.
        var isHeld = false
    }

    /// The name of the database file.
    static let databaseName = "palimpsest.sqlite"
    /// The name that the database file gets when its rows were moved to another database.
    static let migratedDatabaseName = "palimpsest.sqlite.migrated"

    /// The path as given.
    let path: String
    /// Held for the life of the process; the lock ends with it, however it ends.
    private let lock: FolderLock

    /// Creates or opens the folder for a server, which may create its database.
    ///
    /// - Returns: The locked folder, and whether its database may be created.
    /// - Throws: ``Fault`` if the folder is not new but its database is gone, and the errors of
    ///   ``init(path:)``.
    public static func forServer(
        path: String
    ) throws -> (folder: DataFolder, mayMakeDatabase: Bool) {
        // Survey before locking: the lock file shows that a server has used the folder.
        if try DataFolderSurvey(of: path).mayMakeDatabase() {
            _ = try create(path)
            do throws(SystemError) {
                // Refuse a path that leads to a file.
                if let error = synchronize(path), error.isNoFolder { throw error }
                try FileSystem.require([.write, .execute], to: path)
            } catch {
                throw fault("The data folder \(path) cannot be written", error)
            }
            try firstStartMark(of: path).write(
                "The first start of this folder is not complete.\n"
            )
        }
        let folder = try DataFolder(path: path)
        // Survey again: another server may have used the folder before this process locked it.
        return (folder, try DataFolderSurvey(of: path).mayMakeDatabase())
    }

    /// Creates or opens the folder for a node whose database is elsewhere.
    ///
    /// - Throws: The errors of ``init(path:)``.
    public static func forNode(path: String) throws -> DataFolder { try DataFolder(path: path) }

    /// Records that the first start has created everything, so that a missing database is a loss
    /// from now on.
    ///
    /// - Throws: ``Fault`` if the mark cannot be removed.
    public func finishFirstStart() throws {
        try Self.firstStartMark(of: path).remove()
    }

    /// The name of the file that exists during the first start.
    static let firstStartMarkName = "first-start"

    private static func firstStartMark(of path: String) -> SecretFile {
        SecretFile(
            path: "\(path)/\(firstStartMarkName)",
            purpose: "The mark of the first start in the data folder,"
        )
    }

    /// Creates the folder if it is missing, and locks it.
    ///
    /// - Throws: ``Fault`` if it cannot be created or written, or another process has locked it.
    init(path: String) throws {
        self.path = path
        let isNew = try Self.create(path)
        // Sync the folder's name first, because without it nothing inside survives a power cut. The
        // parent of an existing folder may be unreadable, so its error does not count.
        if let error = Self.synchronize("\(path)/.."), isNew {
            throw Self.fault("The data folder \(path) cannot be made", error)
        }
        do throws(FolderLock.Failure) {
            lock = try FolderLock(byFile: "\(path)/lock")
        } catch .held {
            throw Fault(
                description: "The data folder \(path) is in use by another palimpsest process.",
                isHeld: true
            )
        } catch .unopened(let error) {
            throw Self.fault("The data folder \(path) cannot be written", error)
        } catch .unlockable(let error) {
            throw Self.fault("The data folder \(path) cannot be locked", error)
        }
    }

    /// Returns the database file of a folder that a server has used.
    ///
    /// - Throws: ``Fault`` if there is no database, since a mistyped path must not become a data
    ///   folder; if the database was lost; and if it belongs to another user, who could not read
    ///   what this process would write.
    static func existingDatabase(of path: String) throws -> String {
        try DataFolderSurvey(of: path).requireDatabase()
        let database = "\(path)/\(databaseName)"
        let status: FileStatus
        do throws(SystemError) {
            status = try FileStatus(of: database)
        } catch {
            throw fault("The data folder \(path) cannot be used", error)
        }
        guard status.isOwn else {
            throw Fault(
                description:
                    "The data folder \(path) belongs to another user; run this as the user of the server."
            )
        }
        return database
    }

    /// Gives a database whose rows are elsewhere now another name.
    ///
    /// - Throws: ``Fault``.
    func setDatabaseAside() throws {
        do throws(SystemError) {
            try FileSystem.rename(databasePath, to: "\(path)/\(Self.migratedDatabaseName)")
            try Folder.synchronize(path)
        } catch {
            throw Self.fault("The database \(databasePath) cannot be renamed", error)
        }
    }

    /// The database file.
    var databasePath: String { "\(path)/\(Self.databaseName)" }

    /// The file with the admin key, which the first start creates.
    var adminKey: SecretFile { SecretFile(path: "\(path)/admin-key", purpose: "The admin key") }

    /// The file with the key that signs manifests, which the first start creates.
    var signingKey: SecretFile {
        SecretFile(path: "\(path)/signing-key", purpose: "The signing key")
    }

    /// Creates the folder if it is missing.
    ///
    /// - Returns: Whether it was missing.
    private static func create(_ path: String) throws -> Bool {
        do throws(SystemError) {
            return try Folder.make(path)
        } catch {
            throw fault("The data folder \(path) cannot be made", error)
        }
    }

    /// Makes the names in a folder survive a power cut.
    ///
    /// - Returns: The error; `nil` on success.
    private static func synchronize(_ folder: String) -> SystemError? {
        do throws(SystemError) {
            try Folder.synchronize(folder)
            return nil
        } catch {
            return error
        }
    }

    /// The name of ``backupMark``.
    static let backupMarkName = "palimpsest-backup"

    /// The file that distinguishes a backup from a folder that was served.
    var backupMark: SecretFile {
        SecretFile(path: "\(path)/\(Self.backupMarkName)", purpose: "The mark of a backup")
    }

    /// Turns a backup into an ordinary data folder; call it before anything in the folder changes.
    ///
    /// - Throws: ``Fault`` if the mark cannot be removed.
    public func stopBeingBackup() throws {
        try backupMark.remove()
    }

    private static func fault(_ sentence: String, _ error: SystemError) -> Fault {
        Fault(description: "\(sentence): \(error.words).")
    }
}

extension BlockingExecutor {
    /// Creates the executor of calls that block on the data folder's disk, to keep them off tasks
    /// and sockets.
    ///
    /// A disk that hangs blocks at most four threads.
    public static func forDataFolder() -> BlockingExecutor {
        BlockingExecutor(label: "palimpsest.disk", width: 4)
    }

    /// Creates the executor of calls that block on a storage elsewhere, which answers later than a
    /// disk, but many at once.
    public static func forSharedBlobs() -> BlockingExecutor {
        BlockingExecutor(label: "palimpsest.blobs", width: 16)
    }
}

// MARK: - The admin key

extension DataFolder {
    /// Creates the admin key if there is none, and adds it to the store if it is unknown; a revoked
    /// one stays revoked.
    ///
    /// - Parameter store: The store of the keys' hashes.
    /// - Throws: ``Fault`` if the file cannot be read or written, and errors of the store.
    public func provideAdminKey(store: any KeyCatalog) async throws {
        let secret: APIKeySecret
        if let present = try readAdminKey() {
            secret = APIKeySecret(presented: present)
        } else {
            secret = try APIKeySecret.generate()
            try adminKey.write(secret.text + "\n")
        }
        guard try await !store.hasKey(hash: secret.hash) else { return }
        _ = try await store.createKey(
            name: "admin",
            scopes: Set(APIKeyScope.allCases),
            quotas: APIKeyQuotas(),
            expiresAt: nil,
            hash: secret.hash,
            prefix: secret.prefix
        )
    }

    /// Returns the key whose secret is in the file.
    ///
    /// - Parameter store: The store of the keys' hashes.
    /// - Returns: The key; `nil` if there is no file, or its key is unknown or revoked.
    /// - Throws: ``Fault`` if the file cannot be read, and errors of the store.
    func adminKey(in store: any KeyCatalog) async throws -> APIKey? {
        guard let secret = try readAdminKey() else { return nil }
        return try await store.key(hash: APIKeySecret(presented: secret).hash)
    }

    /// Returns the secret in the file, if its key may be used.
    ///
    /// - Parameter store: The store of the keys' hashes.
    /// - Returns: The secret; `nil` where ``adminKey(in:)`` finds no key.
    /// - Throws: As ``adminKey(in:)``.
    public func adminSecret(in store: any KeyCatalog) async throws -> APIKeySecret? {
        guard try await adminKey(in: store) != nil, let secret = try readAdminKey() else {
            return nil
        }
        return APIKeySecret(presented: secret)
    }

    private func readAdminKey() throws -> String? {
        guard let text = try adminKey.read() else { return nil }
        let key = Array(text.utf8.split(whereSeparator: { $0 <= 0x20 }).first ?? [])
        guard key.count >= 16,
            key.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
        else {
            throw Fault(
                description: "The file \(adminKey.path) does not hold a key of 16 or more letters."
            )
        }
        return String(decoding: key, as: UTF8.self)
    }
}

// MARK: - The signing key

extension DataFolder {
    /// Returns the key that signs manifests, creating it if there is none.
    ///
    /// Operators may put a key of their own there.
    ///
    /// - Throws: ``Fault`` if the file cannot be read or written, or holds anything else.
    public func provideSigningKey() throws -> SigningKey {
        guard let text = try signingKey.read() else {
            let key = try SigningKey.generate()
            try signingKey.write(key.pem)
            return key
        }
        guard let key = SigningKey(pem: text) else {
            throw Fault(
                description: "The file \(signingKey.path) does not hold an Ed25519 key "
                    + "as 'openssl genpkey -algorithm ed25519' writes it."
            )
        }
        return key
    }
}
