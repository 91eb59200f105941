public import Cryptography
public import POSIX
public import Queue

/// The folder that holds the database, the blobs and the admin key; it belongs to one server at a
/// time.
///
/// On first start it is made with mode 0700. The admin key is written before the row that makes it
/// valid: a server that dies in between finds the file at the next start and adds the row. So an
/// operator may also put a key of their own there.
public final class DataFolder: Sendable {
    /// Why a data folder cannot be used.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// The sentence.
        public let description: String
        /// Whether it is only that another process has the folder.
        var isHeld = false
    }

    /// The name of the database file.
    static let databaseName = "palimpsest.sqlite"

    /// The path as it was given.
    let path: String
    /// Held for the life of the process; the lock goes with it, however it ends.
    private let lock: FolderLock

    /// Makes or takes the folder for a server, which may make its database.
    ///
    /// - Returns: The folder, locked; and whether its database may be made.
    /// - Throws: ``Fault`` when it is an old folder whose database is gone, and as ``init(path:)``
    ///   does.
    public static func forServer(
        path: String
    ) throws -> (folder: DataFolder, mayMakeDatabase: Bool) {
        // Before the lock is there, whose file tells that a server has been here.
        if try DataFolderSurvey(of: path).mayMakeDatabase() {
            _ = try made(path)
            do throws(SystemError) {
                // A file has no folder in it either.
                if let error = synchronize(path), error.isNoFolder { throw error }
                try FileSystem.require([.write, .execute], to: path)
            } catch {
                throw fault("The data folder \(path) cannot be written", error)
            }
            try firstStartMark(of: path).write(
                "The first start of this folder has not come to its end.\n"
            )
        }
        let folder = try DataFolder(path: path)
        // Once more, since another server may have had it before this process had its lock.
        return (folder, try DataFolderSurvey(of: path).mayMakeDatabase())
    }

    /// Notes that the first start has made everything: from now on a database that is missing is a
    /// loss.
    ///
    /// - Throws: ``Fault`` when the mark cannot be removed.
    public func finishFirstStart() throws {
        try Self.firstStartMark(of: path).remove()
    }

    /// The name of the file that is there while the first start is under way.
    static let firstStartMarkName = "first-start"

    private static func firstStartMark(of path: String) -> SecretFile {
        SecretFile(
            path: "\(path)/\(firstStartMarkName)",
            purpose: "The mark of the first start in the data folder,"
        )
    }

    /// Makes the folder where it is missing and takes its lock.
    ///
    /// - Throws: ``Fault`` when it cannot be made or written, or another server has it.
    init(path: String) throws {
        self.path = path
        let isNew = try Self.made(path)
        // Nothing in it survives a power cut before its own name does. One that was there may be in
        // a folder that cannot be opened.
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

    /// The database file of a folder that a server has made.
    ///
    /// - Throws: ``Fault`` for a folder without one, since a mistyped path must not become a data
    ///   folder; for one whose database was lost; and for one that is another user's, who could not
    ///   read what this process would write.
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

    /// The database file.
    var databasePath: String { "\(path)/\(Self.databaseName)" }

    /// The root of the blobs.
    public var blobsPath: String { path }

    /// The file with the key that the first start makes.
    var adminKey: SecretFile { SecretFile(path: "\(path)/admin-key", purpose: "The admin key") }

    /// The file with the key that signs manifests, which the first start makes.
    var signingKey: SecretFile {
        SecretFile(path: "\(path)/signing-key", purpose: "The signing key")
    }

    /// Makes the folder where it is missing.
    ///
    /// - Returns: Whether it was missing.
    private static func made(_ path: String) throws -> Bool {
        do throws(SystemError) {
            return try Folder.make(path)
        } catch {
            throw fault("The data folder \(path) cannot be made", error)
        }
    }

    /// Makes the names in a folder survive a power cut.
    ///
    /// - Returns: Why that cannot be; `nil` if they do.
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

    /// The file by which a backup is told from a folder that was served.
    var backupMark: SecretFile {
        SecretFile(path: "\(path)/\(Self.backupMarkName)", purpose: "The mark of a backup")
    }

    /// Makes a data folder like any other of what was a backup, before anything in it is changed.
    ///
    /// - Throws: ``Fault`` when the mark cannot be removed.
    public func stopBeingBackup() throws {
        try backupMark.remove()
    }

    private static func fault(_ sentence: String, _ error: SystemError) -> Fault {
        Fault(description: "\(sentence): \(error.words).")
    }
}

extension BlockingExecutor {
    /// Where the calls run that block on the data folder's disk, so that tasks and sockets do not.
    ///
    /// A disk that hangs holds four threads and no more.
    public static func forDataFolder() -> BlockingExecutor {
        BlockingExecutor(label: "palimpsest.disk", width: 4)
    }
}

// MARK: - The admin key

extension DataFolder {
    /// Makes sure that there is an admin key and that the store knows it; one that was revoked
    /// stays so.
    ///
    /// - Parameter store: The store that keeps the digests of keys.
    /// - Throws: ``Fault`` when the file cannot be read or written, and faults of the store.
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

    /// The key whose secret lies in the file.
    ///
    /// - Parameter store: The store that keeps the digests of keys.
    /// - Returns: The key; `nil` if there is no file, or its key is unknown or revoked.
    /// - Throws: ``Fault`` when the file cannot be read, and faults of the store.
    func adminKey(in store: any KeyCatalog) async throws -> APIKey? {
        guard let secret = try readAdminKey() else { return nil }
        return try await store.key(hash: APIKeySecret(presented: secret).hash)
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
    /// The key that signs manifests; made if there is none.
    ///
    /// An operator may put one of their own there.
    ///
    /// - Throws: ``Fault`` when the file cannot be read or written, or holds something else.
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
