import Cryptography
import Foundation
import GRDB
import JobModel
import Migrations
import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

/// What is SQLite's own about API keys.
@Suite struct KeyRowsTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    private func key(
        _ store: SQLiteStore,
        _ name: String = "a",
        scopes: Set<APIKeyScope> = [.submit, .read],
        quotas: APIKeyQuotas = APIKeyQuotas(),
        expiresAt: Int64? = nil
    ) async throws -> (key: APIKey, hash: SHA256Digest) {
        let secret = try APIKeySecret.generate()
        let key = try await store.createKey(
            name: name,
            scopes: scopes,
            quotas: quotas,
            expiresAt: expiresAt,
            hash: secret.hash,
            prefix: secret.prefix
        )
        return (key, secret.hash)
    }

    @Test func `The secret is nowhere in the database's files`() async throws {
        let store = try test.open()
        let secret = try APIKeySecret.generate()
        _ = try await store.createKey(
            name: "a",
            scopes: [.admin],
            hash: secret.hash,
            prefix: secret.prefix
        )
        for name in try FileManager.default.contentsOfDirectory(atPath: test.folder) {
            let data = try #require(FileManager.default.contents(atPath: test.folder + "/" + name))
            #expect(data.range(of: Data(secret.text.dropFirst(10).utf8)) == nil)
        }
    }

    @Test func `Keys of the schema before keep what they could do`() async throws {
        let old = try test.open(migrations: Array(Migrations.all.prefix(3)))
        try await old.pool.write { db in
            for (number, scopes) in ["protect", "admin protect", "admin"].enumerated() {
                try db.execute(
                    sql: "INSERT INTO api_keys VALUES (?, 'a', ?, ?, 'plm_', 1, ?, NULL)",
                    arguments: [
                        APIKeyID.random().text, scopes, Data(repeating: UInt8(number), count: 32),
                        number,
                    ]
                )
            }
        }
        try old.close()
        let keys = try await test.open().keys()
        #expect(keys.map(\.scopes) == [[.submit, .read], [.admin, .submit, .read], [.admin]])
        #expect(
            keys.allSatisfy {
                $0.quotas == APIKeyQuotas() && $0.expiresAt == nil && $0.lastUsedAt == nil
            }
        )
    }

    @Test func `What another process commits holds for the next lookup`() async throws {
        let server = try test.open()
        let (key, hash) = try await key(server)
        for _ in 0..<2 { #expect(try await server.key(hash: hash) == key) }
        let command = try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        var change = APIKeyChange()
        change.jobsPerMinute = .set(5)
        _ = try await command.updateKey(key.id, change)
        #expect(try await server.key(hash: hash)?.quotas.jobsPerMinute == 5)
        #expect(try await command.revokeKey(key.id) == .revoked)
        #expect(try await server.key(hash: hash) == nil)
        try command.close()
        #expect(try await server.key(hash: hash) == nil)
        // The command has left the server what it needs.
        #expect(try await server.key(hash: self.key(server, "b").hash) != nil)
    }

    @Test func `A lookup is remembered for its state of the database alone`() throws {
        let cache = KeyCache()
        let hash = try APIKeySecret.generate().hash
        let key = APIKey(
            id: .random(),
            name: "a",
            scopes: [.admin],
            quotas: APIKeyQuotas(),
            prefix: "plm_",
            createdAt: 0,
            expiresAt: nil,
            lastUsedAt: nil,
            revokedAt: nil
        )
        #expect(cache.lookUp(hash, version: 1) == nil)
        cache.keep(key, hash: hash, version: 1)
        #expect(cache.lookUp(hash, version: 1) == key)
        #expect(cache.lookUp(hash, version: 2) == nil)
        // Read before the second state was seen by somebody else.
        cache.keep(key, hash: hash, version: 1)
        #expect(cache.lookUp(hash, version: 2) == nil)
        cache.keep(key, hash: hash, version: 2)
        #expect(cache.lookUp(hash, version: 2) == key)
    }

    @Test func `A database of another schema is not attached to, and not changed`() throws {
        let older = try test.open(migrations: Array(Migrations.all.dropLast()))
        let (found, known) = (Migrations.all.count - 1, Migrations.all.count)
        #expect(throws: StoreError.schemaOlder(found: found, known: known)) {
            try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        }
        try older.close()
        try test.open().close()
        let further = Migration(
            version: known + 1,
            name: "m_test",
            sql: Array("CREATE TABLE x (y INT) STRICT".utf8)
        )
        try test.open(migrations: Migrations.all + [further]).close()
        #expect(throws: StoreError.schemaNewer(found: known + 1, known: known)) {
            try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        }
    }

    @Test func `What is queued is counted in an index alone`() async throws {
        let store = try test.open()
        let plan = try await store.pool.read { db in
            try Row.fetchAll(
                db,
                sql: "EXPLAIN QUERY PLAN " + SQLiteStore.queuedImagesSQL,
                arguments: ["key_"]
            )
            .map { $0["detail"] as String }
        }
        #expect(
            plan == ["SEARCH images USING COVERING INDEX images_unfinished (tenant=? AND state=?)"]
        )
    }
}
