import Foundation
import Queue
import SQLStore
import StoreHarness
import Testing

@testable import PostgresStore

@Suite(Server.isThere) struct SchemaTests {
    private let schema = Server.newName()

    private func store(making isMade: Bool = true) throws -> PostgresStore {
        try PostgresStore(
            try Server.location(schema: schema),
            generatorVersion: 1,
            making: isMade
        )
    }

    private func drop() { _ = try? Server.psql("DROP SCHEMA IF EXISTS \(schema) CASCADE") }

    @Test func `Nodes that start at once make the schema once`() async throws {
        defer { drop() }
        let schema = schema
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let location = try Server.location(schema: schema)
                    try await withCheckedThrowingContinuation { continuation in
                        Thread.detachNewThread {
                            continuation.resume(
                                with: Result {
                                    _ = try PostgresStore(location, generatorVersion: 1)
                                }
                            )
                        }
                    } as Void
                }
            }
            try await group.waitForAll()
        }
        #expect(try Server.psql("SELECT count(*) FROM \(schema).schema_migrations") == "1")
        _ = try await store().tenant()
    }

    @Test func `A schema that is not to be made is not made`() throws {
        defer { drop() }
        #expect(throws: StoreError.emptyDatabase) { try store(making: false) }
        #expect(
            try Server.psql("SELECT count(*) FROM pg_namespace WHERE nspname = '\(schema)'") == "0"
        )
    }

    @Test func `A schema of another program is left alone`() throws {
        defer { drop() }
        try Server.psql("CREATE SCHEMA \(schema); CREATE TABLE \(schema).theirs ()")
        #expect(throws: StoreError.foreignDatabase) { try store() }
    }

    @Test func `A newer schema is refused, unless it says that this version works with it`() throws
    {
        defer { drop() }
        _ = try store()
        let insert = """
            INSERT INTO \(schema).schema_migrations
                (version, name, sha256, applied_at, oldest_binary)
            VALUES (2, 'postgres_0002_later', '\\x00', 0, 
            """
        try Server.psql(insert + "2)")
        #expect(throws: StoreError.schemaNewer(found: 2, known: 1)) { try store() }
        try Server.psql(
            "UPDATE \(schema).schema_migrations SET oldest_binary = NULL WHERE version = 2"
        )
        #expect(throws: StoreError.schemaNewer(found: 2, known: 1)) { try store() }
        try Server.psql(
            "UPDATE \(schema).schema_migrations SET oldest_binary = 1 WHERE version = 2"
        )
        _ = try store()
    }

    @Test func `A migration that was changed is refused`() throws {
        defer { drop() }
        _ = try store()
        try Server.psql("UPDATE \(schema).schema_migrations SET sha256 = '\\x01'")
        #expect(throws: StoreError.migrationChanged(name: "postgres_0001_initial")) { try store() }
    }
}
