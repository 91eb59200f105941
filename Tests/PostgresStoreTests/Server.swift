import Foundation
import ProcessHarness
import Testing

@testable import PostgresStore

/// The server that `scripts/with-postgres` has started for the tests.
enum Server {
    static let url = ProcessInfo.processInfo.environment["PALIMPSEST_TEST_POSTGRES"]
    /// A program that stops, starts or restarts the server.
    static let control = ProcessInfo.processInfo.environment["PALIMPSEST_TEST_POSTGRES_CONTROL"]
    static let isThere: ConditionTrait = .enabled(
        if: url != nil,
        "there is no PostgreSQL server; run scripts/with-postgres swift test"
    )
    /// Whether tests may take minutes, as in `make test-cluster`.
    static let isThorough =
        ProcessInfo.processInfo.environment["PALIMPSEST_TEST_THOROUGH"] != nil

    /// Whether tests may take the server away from all others.
    static let isAlone: ConditionTrait = .enabled(
        if: control != nil
            && ProcessInfo.processInfo.environment["PALIMPSEST_TEST_POSTGRES_ALONE"] != nil,
        "the server is not this test's alone; run make test-postgres"
    )

    /// The folder of the server's socket.
    static var folder: String { ProcessInfo.processInfo.environment["PGHOST"] ?? "" }

    /// A new name for a schema, a database or a program.
    static func newName() -> String {
        "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
    }

    /// A place on the server.
    static func location(
        schema: String = newName(),
        database: String = "postgres",
        folder: String? = nil,
        _ options: String = ""
    ) throws -> PostgresLocation {
        let url = try #require(url).replacing("/postgres?", with: "/\(database)?")
            .replacing("host=\(Server.folder)", with: "host=\(folder ?? Server.folder)")
        return try PostgresLocation("\(url)&schema=\(schema)\(options)")
    }

    /// What PostgreSQL's own client makes of a statement: rows by lines, columns by `|`.
    @discardableResult
    static func psql(_ sql: String, database: String = "postgres") throws -> String {
        let end = try RunningProgram.run(
            "/usr/bin/env",
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database],
            input: Array(sql.utf8)
        )
        try #require(end.isSuccess, "\(end.complaintText)")
        return end.outputText.trimmingCharacters(in: .newlines)
    }

    /// Makes a database that no other test uses.
    static func newDatabase() throws -> String {
        let name = newName()
        try psql("CREATE DATABASE \(name)")
        return name
    }

    static func dropDatabase(_ name: String) throws {
        try psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }
}
