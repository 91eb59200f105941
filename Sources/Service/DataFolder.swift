import Cryptography
import Glibc
import JobStore

/// The folder that holds the database, the blobs and the admin key; it belongs to one server at a time.
///
/// On first start it is made with mode 0700. The admin key is written before the row that makes it valid: a server that dies
/// in between finds the file at the next start and adds the row. So an operator may also put a key of their own there.
final class DataFolder: Sendable {
    /// Why a data folder cannot be used.
    struct Fault: Error, Sendable, CustomStringConvertible {
        let description: String
        /// Whether it is only that another process has the folder.
        var isHeld = false
    }

    /// The name of the database file.
    static let databaseName = "palimpsest.sqlite"

    /// The path as it was given.
    let path: String
    /// Held for the life of the process; the lock goes with it, however it ends.
    private let lock: Int32

    /// Makes or takes the folder for a server, which may make its database.
    ///
    /// - Returns: The folder, locked; and whether its database may be made.
    /// - Throws: ``Fault`` when it is an old folder whose database is gone, and as ``init(path:)``
    ///   does.
    static func forServer(path: String) throws -> (folder: DataFolder, mayMakeDatabase: Bool) {
        // Before the lock is there, whose file tells that a server has been here.
        if try DataFolderSurvey(of: path).mayMakeDatabase() {
            if mkdir(path, 0o700) != 0, errno != EEXIST { throw fault("The data folder \(path) cannot be made", errno) }
            // A file has no folder in it either.
            let code = synchronize(path)
            guard code != ENOTDIR else { throw fault("The data folder \(path) cannot be written", code) }
            guard access(path, W_OK | X_OK) == 0 else {
                throw fault("The data folder \(path) cannot be written", errno)
            }
            try firstStartMark(of: path).write("The first start of this folder has not come to its end.\n")
        }
        let folder = try DataFolder(path: path)
        // Once more, since another server may have had it before this process had its lock.
        return (folder, try DataFolderSurvey(of: path).mayMakeDatabase())
    }

    /// Notes that the first start has made everything: from now on a database that is missing is a
    /// loss.
    ///
    /// - Throws: ``Fault`` when the mark cannot be removed.
    func finishFirstStart() throws {
        try Self.firstStartMark(of: path).remove()
    }

    /// The name of the file that is there while the first start is under way.
    static let firstStartMarkName = "first-start"

    private static func firstStartMark(of path: String) -> SecretFile {
        SecretFile(path: "\(path)/\(firstStartMarkName)", purpose: "The mark of the first start in the data folder,")
    }

    /// Makes the folder where it is missing and takes its lock.
    ///
    /// - Throws: ``Fault`` when it cannot be made or written, or another server has it.
    init(path: String) throws {
        self.path = path
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else { throw Self.fault("The data folder \(path) cannot be made", errno) }
        // Nothing in it survives a power cut before its own name does. One that was there may be in a folder that cannot be opened.
        let code = Self.synchronize("\(path)/..")
        guard code == 0 || !isNew else { throw Self.fault("The data folder \(path) cannot be made", code) }
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.fault("The data folder \(path) cannot be written", errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK
                ? Fault(description: "The data folder \(path) is in use by another palimpsest process.", isHeld: true)
                : Self.fault("The data folder \(path) cannot be locked", code)
        }
        lock = descriptor
    }

    deinit {
        // Unlocked by word, since a child that is just being started holds a copy of the descriptor for a moment.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// The database file of a folder that a server has made.
    ///
    /// - Throws: ``Fault`` for a folder without one, since a mistyped path must not become a data
    ///   folder; for one whose database was lost; and for one that is another user's, who could not
    ///   read what this process would write.
    static func existingDatabase(of path: String) throws -> String {
        try DataFolderSurvey(of: path).requireDatabase()
        let database = "\(path)/\(databaseName)"
        var status = stat()
        guard stat(database, &status) == 0 else { throw fault("The data folder \(path) cannot be used", errno) }
        guard status.st_uid == geteuid() else {
            throw Fault(
                description: "The data folder \(path) belongs to another user; run this as the user of the server."
            )
        }
        return database
    }

    /// The database file.
    var databasePath: String { "\(path)/\(Self.databaseName)" }

    /// The root of the blobs.
    var blobsPath: String { path }

    /// The file with the key that the first start makes.
    var adminKey: SecretFile { SecretFile(path: "\(path)/admin-key", purpose: "The admin key") }

    /// The file with the key that signs manifests, which the first start makes.
    var signingKey: SecretFile { SecretFile(path: "\(path)/signing-key", purpose: "The signing key") }

    /// Makes the names in a folder survive a power cut.
    ///
    /// - Returns: 0, or the error number.
    private static func synchronize(_ folder: String) -> Int32 {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    /// The name of ``backupMark``.
    static let backupMarkName = "palimpsest-backup"

    /// The file by which a backup is told from a folder that was served.
    var backupMark: SecretFile { SecretFile(path: "\(path)/\(Self.backupMarkName)", purpose: "The mark of a backup") }

    /// Makes a data folder like any other of what was a backup, before anything in it is changed.
    ///
    /// - Throws: ``Fault`` when the mark cannot be removed.
    func stopBeingBackup() throws {
        try backupMark.remove()
    }

    private static func fault(_ sentence: String, _ code: Int32) -> Fault {
        Fault(description: "\(sentence): \(String(cString: strerror(code))).")
    }
}

// MARK: - The admin key

extension DataFolder {
    /// Makes sure that there is an admin key and that the store knows it; one that was revoked stays so.
    ///
    /// - Parameter store: The store that keeps the digests of keys.
    /// - Throws: ``Fault`` when the file cannot be read or written, and faults of the store.
    func provideAdminKey(store: JobStore) async throws {
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
            hash: secret.hash,
            prefix: secret.prefix
        )
    }

    /// The key whose secret lies in the file.
    ///
    /// - Parameter store: The store that keeps the digests of keys.
    /// - Returns: The key; `nil` if there is no file, or its key is unknown or revoked.
    /// - Throws: ``Fault`` when the file cannot be read, and faults of the store.
    func adminKey(in store: JobStore) async throws -> APIKey? {
        guard let secret = try readAdminKey() else { return nil }
        return try await store.key(hash: APIKeySecret(presented: secret).hash)
    }

    private func readAdminKey() throws -> String? {
        guard let text = try adminKey.read() else { return nil }
        let key = Array(text.utf8.split(whereSeparator: { $0 <= 0x20 }).first ?? [])
        guard key.count >= 16, key.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }) else {
            throw Fault(description: "The file \(adminKey.path) does not hold a key of 16 or more letters.")
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
    func provideSigningKey() throws -> SigningKey {
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
