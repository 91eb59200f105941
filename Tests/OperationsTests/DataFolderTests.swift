import Cryptography
import FoundationEssentials
import Glibc
import Queue
import SQLiteStore
import Testing

@testable import Operations

@Suite("Data folder")
struct DataFolderTests {
    /// The path of a folder that does not exist yet.
    private let path = FileManager.default.temporaryDirectory.appending(
        path: "palimpsest-\(UUID().uuidString)"
    ).path

    private func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test(
        "The first start makes the folder and a key for its owner alone; the next start keeps the key"
    )
    func firstStart() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var first: String?
        for _ in 1...2 {
            let folder = try DataFolder(path: path)
            let store: any Store = try SQLiteStore(path: folder.databasePath, generatorVersion: 2)
            try await folder.provideAdminKey(store: store)
            let text = try String(contentsOfFile: folder.adminKey.path, encoding: .utf8)
            #expect(text.hasPrefix("plm_") && text.hasSuffix("\n"))
            let key = String(text.dropLast())
            #expect(first == nil || first == key)
            first = key
            let row = try #require(try await store.key(hash: APIKeySecret(presented: key).hash))
            #expect(row.scopes == [.admin, .read, .submit])
            #expect(try await store.keys().count == 1)
            try store.close()
        }
        #expect(mode(path) == 0o700)
        #expect(mode("\(path)/admin-key") == 0o600)
        #expect(mode("\(path)/admin-key.new") == nil)
    }

    @Test("The node's name is drawn once, and one that is none is refused")
    func node() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let name = try DataFolder(path: path).provideNode()
        #expect(name.hasPrefix("node-") && name != "node-0")
        #expect(try DataFolder(path: path).provideNode() == name)
        try FileManager.default.removeItem(atPath: "\(path)/node")
        #expect(try DataFolder(path: path).provideNode() != name)
        try "machine-1".write(toFile: "\(path)/node", atomically: true, encoding: .utf8)
        #expect(try DataFolder(path: path).provideNode() == "machine-1")
        for wrong in ["", "two words", "a/b", "one\ntwo\n"] {
            try wrong.write(toFile: "\(path)/node", atomically: true, encoding: .utf8)
            #expect(throws: DataFolder.Fault.self) { try DataFolder(path: path).provideNode() }
        }
    }

    @Test("A key that the operator put there is taken, and one that is none is refused")
    func ownKey() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try DataFolder(path: path)
        let store: any Store = try SQLiteStore(path: folder.databasePath, generatorVersion: 2)
        try "short".write(toFile: folder.adminKey.path, atomically: true, encoding: .utf8)
        await #expect(throws: DataFolder.Fault.self) {
            try await folder.provideAdminKey(store: store)
        }
        try "a-key-of-the-operator\n".write(
            toFile: folder.adminKey.path,
            atomically: true,
            encoding: .utf8
        )
        try await folder.provideAdminKey(store: store)
        #expect(
            try await store.key(hash: APIKeySecret(presented: "a-key-of-the-operator").hash) != nil
        )
        #expect(try await store.keys().count == 1)
    }

    @Test("A service whose admin key was revoked starts, and does not take it again")
    func revokedAdminKey() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try DataFolder(path: path)
        let store: any Store = try SQLiteStore(path: folder.databasePath, generatorVersion: 2)
        try await folder.provideAdminKey(store: store)
        let first = try #require(try await store.keys().first)
        let other = try APIKeySecret.generate()
        _ = try await store.createKey(
            name: "o",
            scopes: [.admin],
            quotas: APIKeyQuotas(),
            expiresAt: nil,
            hash: other.hash,
            prefix: other.prefix
        )
        #expect(try await store.revokeKey(first.id) == .revoked)
        try await folder.provideAdminKey(store: store)
        #expect(try await store.keys().count == 2)
        #expect(try await folder.adminKey(in: store) == nil)
    }

    @Test(
        "The signing key is made once, for its owner alone; one of the operator's is taken, and what is none refused"
    )
    func signingKey() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try DataFolder(path: path)
        let made = try folder.provideSigningKey()
        #expect(mode(folder.signingKey.path) == 0o600)
        #expect(try folder.provideSigningKey().verificationKey == made.verificationKey)
        let own = try SigningKey.generate()
        try own.pem.write(toFile: folder.signingKey.path, atomically: true, encoding: .utf8)
        #expect(try folder.provideSigningKey().verificationKey == own.verificationKey)
        try own.verificationKey.pem.write(
            toFile: folder.signingKey.path,
            atomically: true,
            encoding: .utf8
        )
        let fault = #expect(throws: DataFolder.Fault.self) { try folder.provideSigningKey() }
        #expect(fault?.description.contains("openssl genpkey -algorithm ed25519") == true)
    }

    @Test("A folder that somebody else has, or that cannot be made, is refused")
    func refused() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try DataFolder(path: path)
        let fault = #expect(throws: DataFolder.Fault.self) { _ = try DataFolder(path: path) }
        #expect(
            fault?.description == "The data folder \(path) is in use by another palimpsest process."
        )
        for (wrong, words) in [
            ("\(path)/missing/deeper", "cannot be made: No such file or directory."),
            ("/dev/null", "cannot be written: Not a directory."),
        ] {
            let fault = #expect(throws: DataFolder.Fault.self) { _ = try DataFolder(path: wrong) }
            #expect(fault?.description == "The data folder \(wrong) \(words)")
        }
        withExtendedLifetime(folder) {}
    }
}
