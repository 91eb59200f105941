import BlobStorage
import Cryptography
import FoundationEssentials
import LocalBlobs
import Queue
import Testing

@testable import Operations

@Suite("A lost database")
struct LostDatabaseTests {
    /// A folder that a server has had, or only its beginnings.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "palimpsest-\(UUID().uuidString)"
        ).path

        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// Does what the first start does, a blob and all.
        func serve(photos: Int = 1) async throws {
            let (folder, mayMake) = try DataFolder.forServer(path: path)
            #expect(mayMake)
            let store = try folder.openStore(making: mayMake)
            try await folder.provideAdminKey(store: store)
            _ = try folder.provideSigningKey()
            let blobs = try LocalBlobs(root: folder.path)
            try folder.finishFirstStart()
            for number in 0..<photos { _ = try blobs.put([UInt8(number)]) }
            try store.close()
        }

        var names: Set<String> {
            Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
        }

        func write(_ name: String, _ content: String) throws {
            try? FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        }

        func remove(_ name: String) throws {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }

        /// Why a server does not take the folder; `nil` if it does.
        func refusal() -> String? {
            do {
                let (folder, mayMake) = try DataFolder.forServer(path: path)
                try folder.openStore(making: mayMake).close()
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    static let database = DataFolder.databaseName

    @Test(
        "A folder with photos is refused without its database, whatever has become of it, and nothing is made there",
        arguments: [
            (nil, "is missing"), ("", "is empty"),
            ("no database, but a text of some length", "is not an SQLite database"),
            ("SQLite", "is not an SQLite database"),
        ] as [(String?, String)]
    )
    func lost(content: String?, words: String) async throws {
        let folder = Folder()
        try await folder.serve(photos: 3)
        try folder.remove(Self.database)
        if let content { try folder.write(Self.database, content) }
        let before = folder.names
        let refusal = try #require(folder.refusal())
        #expect(refusal.hasPrefix("The database \(folder.path)/palimpsest.sqlite \(words)"))
        #expect(refusal.contains("3 photo files, the admin key, the signing key"))
        #expect(refusal.contains("`palimpsest backup`") && refusal.contains("To start over"))
        // Nor does any command that opens the folder.
        let keys = #expect(throws: KeyRing.Fault.self) { _ = try KeyRing(dataFolder: folder.path) }
        let classes = #expect(throws: StoppedService.Fault.self) {
            _ = try StoppedService(dataFolder: folder.path)
        }
        let backup = #expect(throws: StoppedService.Fault.self) {
            _ = try DataFolderBackup(of: folder.path, to: folder.path + "-backup").run()
        }
        for fault in [keys?.description, classes?.description, backup?.description] {
            #expect(fault?.contains("palimpsest.sqlite \(words)") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "-backup"))
        #expect(folder.names == before)
        let after = FileManager.default.contents(atPath: "\(folder.path)/\(Self.database)")
        #expect(after == content.map { Data($0.utf8) })
    }

    @Test("Keys alone are enough, and so is a log without its database")
    func keys() async throws {
        let folder = Folder()
        try await folder.serve(photos: 0)
        // SQLite may leave these beside a database that was closed.
        for name in folder.names where name.hasPrefix(Self.database) { try folder.remove(name) }
        #expect(
            folder.refusal()?.contains("but the folder holds the admin key, the signing key.")
                == true
        )
        for name in ["admin-key", "signing-key"] { try folder.remove(name) }
        #expect(folder.refusal() == nil)
        for name in ["-wal", "-shm"] {
            let other = Folder()
            try other.write(Self.database + name, "pages")
            #expect(other.refusal()?.contains("palimpsest.sqlite\(name)") == true)
            #expect(other.names == [Self.database + name])
        }
    }

    @Test("A database that was cut short is refused with what can be done")
    func damaged() async throws {
        let folder = Folder()
        try await folder.serve()
        let path = "\(folder.path)/\(Self.database)"
        let whole = try #require(FileManager.default.contents(atPath: path))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
        let refusal = try #require(folder.refusal())
        #expect(
            refusal.contains("\(folder.path)/palimpsest.sqlite")
                && refusal.contains("`palimpsest backup`")
        )
        #expect(throws: StoppedService.Fault.self) {
            _ = try StoppedService(dataFolder: folder.path)
        }
    }

    @Test(
        "The log of the lost database beside a copy from a backup is refused, which SQLite would write into it"
    )
    func strangeLog() async throws {
        let folder = Folder()
        try await folder.serve(photos: 0)
        let backup = folder.path + "-backup"
        defer { try? FileManager.default.removeItem(atPath: backup) }
        _ = try DataFolderBackup(of: folder.path, to: backup).run()
        try folder.remove(Self.database)
        try FileManager.default.copyItem(
            atPath: "\(backup)/\(Self.database)",
            toPath: "\(folder.path)/\(Self.database)"
        )
        try folder.write(Self.database + "-wal", "pages of the lost database")
        #expect(
            folder.refusal()?.contains("Move palimpsest.sqlite-wal and palimpsest.sqlite-shm out")
                == true
        )
        try folder.remove(Self.database + "-wal")
        #expect(folder.refusal() == nil)
    }

    @Test(
        "A first start goes on wherever it was killed, with a key that the operator put there too"
    )
    func firstStart() async throws {
        // Each is what a kill has left.
        let states: [[String]] = [
            [], ["first-start"], ["first-start", "lock"], ["first-start", "lock", Self.database],
            ["first-start", "lock", Self.database, "admin-key"],
            ["first-start", "lock", "admin-key", "signing-key"],
            // As an earlier version leaves it, which has no mark.
            ["lock"], ["lock", Self.database],
            ["admin-key"], ["admin-key", "signing-key"],
        ]
        let signing = try SigningKey.generate().pem
        for names in states {
            let folder = Folder()
            for name in names {
                let contents = ["admin-key": "a-key-of-the-operator\n", "signing-key": signing]
                try folder.write(name, contents[name] ?? "")
            }
            try await folder.serve(photos: 0)
            #expect(!folder.names.contains("first-start"), "\(names)")
            #expect(folder.refusal() == nil, "\(names)")
        }
    }

    @Test("The mark of a first start is no excuse once there are photos")
    func markAndPhotos() async throws {
        let folder = Folder()
        try await folder.serve()
        try folder.write("first-start", "")
        try folder.remove(Self.database)
        #expect(folder.refusal()?.contains("is missing") == true)
    }
}
