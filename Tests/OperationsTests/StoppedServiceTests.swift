import BlobStorage
import Cryptography
import FoundationEssentials
import Glibc
import JobModel
import LocalBlobs
import Logging
import POSIX
import Queue
import SQLiteStore
import StoreHarness
import Testing

@testable import Operations

@Suite("A data folder without its server")
struct StoppedServiceTests {
    /// A data folder as the first start of a server leaves it; removed afterwards.
    private func withDataFolder(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "palimpsest-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await running(path) { _ in }
        try await body(path)
    }

    /// Does what a server does with its folder from start to stop.
    private func running(_ path: String, _ body: (any Store) async throws -> Void) async throws {
        let folder = try DataFolder(path: path)
        let store: any Store = try SQLiteStore(path: folder.databasePath, generatorVersion: 2)
        try await folder.provideAdminKey(store: store)
        try await body(store)
        try store.close()
        withExtendedLifetime(folder) {}
    }

    private func files(_ path: String) throws -> [String] {
        var found: [String] = []
        for folder in ["blobs", "tmp"] {
            let names =
                (try? FileManager.default.subpathsOfDirectory(atPath: "\(path)/\(folder)")) ?? []
            found += names.filter { $0.utf8.count > 2 }
        }
        return found.sorted()
    }

    private func name(_ bytes: [UInt8]) -> String {
        let hex = SHA256.hash(bytes).hex
        return "\(hex.prefix(2))/\(hex)"
    }

    private func label(_ text: String) throws -> ClassLabel { try ClassLabel(text) }

    @Test(
        "Pictures are imported in their order, those they replace are removed, and a start of the server keeps them"
    )
    func imports() async throws {
        try await withDataFolder { path in
            do {
                let service = try StoppedService(dataFolder: path)
                let key = try await service.key(named: nil)
                let first = try await SemanticImageImport(into: service)
                try first.add([2], to: label("cats"), at: 1)
                try first.add([1], to: label("cats"), at: 0)
                try first.add([2], to: label("dogs"), at: 0)
                try await first.commit(for: key.id)
                #expect(try files(path) == [name([1]), name([2])].sorted())
                let second = try await SemanticImageImport(into: service)
                try second.add([3], to: label("cats"), at: 0)
                try await second.commit(for: key.id)
                // The dogs need the second picture still.
                #expect(try files(path) == [name([2]), name([3])].sorted())
                #expect(
                    try await service.classes().map(\.semanticImage) == [
                        .imported(count: 1), .imported(count: 1),
                    ]
                )
                try service.close()
            }

            try await running(path) { store in
                let leftovers = Leftovers(
                    store: store,
                    blobs: NodeBlobs(own: try LocalBlobs(root: path)),
                    disk: .forDataFolder(),
                    logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
                )
                try await leftovers.cleanUpAfterLastRun()
                #expect(try await store.expireJobs().isEmpty)
            }
            #expect(try files(path) == [name([2]), name([3])].sorted())
        }
    }

    @Test("What is not committed leaves nothing, nor does a commit that fails")
    func importsNothing() async throws {
        try await withDataFolder { path in
            let service = try StoppedService(dataFolder: path)
            let key = try await service.key(named: nil)
            let abandoned = try await SemanticImageImport(into: service)
            try abandoned.add([1], to: label("cats"), at: 0)
            #expect(try files(path).count == 1)
            abandoned.discard()
            #expect(try files(path).isEmpty)
            let failing = try await SemanticImageImport(into: service)
            try failing.add([1], to: label("cats"), at: 0)
            await #expect(throws: StoppedService.Fault.self) {
                try await failing.commit(for: .random())
            }
            #expect(try files(path).isEmpty)
            // A blob of nothing is no picture: the second row is refused when the first is written already.
            let half = try await SemanticImageImport(into: service)
            try half.add([1], to: label("ants"), at: 0)
            try half.add([], to: label("birds"), at: 0)
            await #expect(throws: StoppedService.Fault.self) { try await half.commit(for: key.id) }
            #expect(try files(path).isEmpty)
            #expect(try await service.classes().isEmpty)
            try service.close()
        }
    }

    @Test("The next import removes what one that was killed has left, and nothing else")
    func cleansUp() async throws {
        try await withDataFolder { path in
            let service = try StoppedService(dataFolder: path)
            let key = try await service.key(named: nil)
            let earlier = try await SemanticImageImport(into: service)
            try earlier.add([1], to: label("cats"), at: 0)
            try await earlier.commit(for: key.id)
            // As a process leaves them that dies between the files and the rows.
            try Data([9]).write(to: URL(filePath: "\(path)/tmp/dead-1"))
            _ = try service.blobs.put([8])
            #expect(try files(path).count == 3)
            _ = try await SemanticImageImport(into: service)
            #expect(try files(path) == [name([1])])
            try service.close()
        }
    }

    @Test("A folder that a server has is refused, and free again when the server has gone")
    func refusesHeld() async throws {
        try await withDataFolder { path in
            try await running(path) { _ in
                let fault = #expect(throws: StoppedService.Fault.self) {
                    try StoppedService(dataFolder: path)
                }
                #expect(
                    fault?.description
                        == "The data folder \(path) is in use by another palimpsest process. Stop the server first."
                )
            }
            let service = try StoppedService(dataFolder: path)
            // And no server can start meanwhile.
            #expect(throws: DataFolder.Fault.self) { try DataFolder(path: path) }
            try service.close()
        }
    }

    @Test("A folder that no server has made is refused and not made into one")
    func refusesOthers() throws {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "palimpsest-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let missing = #expect(throws: StoppedService.Fault.self) {
            try StoppedService(dataFolder: path)
        }
        #expect(missing?.description.hasPrefix("\(path) is not a data folder") == true)
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(throws: StoppedService.Fault.self) { try StoppedService(dataFolder: path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test("A database of another user is refused")
    func refusesOtherUsers() async throws {
        try await withDataFolder { path in
            // Only root can give files away.
            guard geteuid() == 0 else { return }
            #expect(chown("\(path)/palimpsest.sqlite", 12345, 12345) == 0)
            let fault = #expect(throws: StoppedService.Fault.self) {
                try StoppedService(dataFolder: path)
            }
            #expect(fault?.description.contains("belongs to another user") == true)
        }
    }

    @Test(
        "A key is meant by its name or identifier, and without either the only one or the admin's"
    )
    func findsKeys() async throws {
        try await withDataFolder { path in
            var ids: [String: APIKeyID] = [:]
            try await running(path) { store in
                for name in ["alice", "bob", "bob", "carol"] {
                    let secret = try APIKeySecret.generate()
                    let key = try await store.createKey(
                        name: name,
                        scopes: [.admin],
                        hash: secret.hash,
                        prefix: secret.prefix
                    )
                    ids[name] = key.id
                }
                try await store.revokeKey(try #require(ids["carol"]))
            }
            let service = try StoppedService(dataFolder: path)
            let admin = try await service.key(named: nil)
            #expect(admin.name == "admin")
            let (alice, bob) = (try #require(ids["alice"]), try #require(ids["bob"]))
            #expect(try await service.key(named: "alice").id == alice)
            #expect(try await service.key(named: bob.text).id == bob)
            for (named, words) in [
                ("bob", "2 API keys are called bob"), ("carol", "no API key"),
                ("dan", "no API key"),
            ] {
                let fault = await #expect(throws: StoppedService.Fault.self) {
                    try await service.key(named: named)
                }
                #expect(fault?.description.contains(words) == true)
            }
            try FileManager.default.removeItem(atPath: "\(path)/admin-key")
            let fault = await #expect(throws: StoppedService.Fault.self) {
                try await service.key(named: nil)
            }
            #expect(fault?.description.contains("--key") == true)
            _ = try await service.store.revokeKey(alice)
            _ = try await service.store.revokeKey(admin.id)
            let others = try await service.store.keys().filter {
                $0.revokedAt == nil && $0.id != bob
            }
            for other in others { _ = try await service.store.revokeKey(other.id) }
            #expect(try await service.key(named: nil).id == bob)
            try service.close()
        }
    }
}
