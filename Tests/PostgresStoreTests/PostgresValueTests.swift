import Queue
import SQLStore
import Testing

@testable import PostgresStore

/// Values on their way to the server and back, beside what PostgreSQL's own client says of them.
@Suite(Server.isThere) struct PostgresValueTests {
    /// Runs a statement on a connection of its own.
    private func value(_ sql: String, _ values: [SQLValue]) throws -> SQLValue? {
        let pool = PostgresPool(try Server.location(), width: 1)
        let rows = try pool.runNow { connection, _ in try connection.execute(sql, values).rows }
        if let text = try? rows.first?.value(at: 0) as String? { return .text(text) }
        if let blob = try? rows.first?.value(at: 0) as [UInt8]? { return .blob(blob) }
        return try (rows.first?.value(at: 0) as Int64?).map { .integer($0) } ?? .null
    }

    @Test(arguments: [
        (SQLValue.integer(0), "0"), (.integer(-1), "-1"), (.integer(.max), "9223372036854775807"),
        (.integer(.min), "-9223372036854775808"), (.integer(-256), "-256"),
        (.integer(1 << 32), "4294967296"),
        (.text(""), ""), (.text("it's \\ \"x\" $1 ?"), "it's \\ \"x\" $1 ?"),
        (.text("👩🏽‍🚀 übel \u{301}"), "👩🏽‍🚀 übel \u{301}"), (.text("\\x00"), "\\x00"),
        (.text("a\0b"), "a\u{FFFD}b"),
        (.blob([]), "\\x"), (.blob([0, 255, 10, 39]), "\\x00ff0a27"),
    ])
    func `A value arrives as PostgreSQL's own client shows it`(
        value: SQLValue,
        shown: String
    ) throws {
        let schema = Server.newName()
        try Server.psql("CREATE SCHEMA \(schema)")
        defer { _ = try? Server.psql("DROP SCHEMA \(schema) CASCADE") }
        let type =
            switch value {
            case .integer: "bigint"
            case .blob: "bytea"
            case .text, .null: "text"
            }
        try Server.psql("CREATE TABLE \(schema).held (value \(type))")
        _ = try self.value("INSERT INTO \(schema).held VALUES ($1)", [value])
        #expect(try Server.psql("SELECT value FROM \(schema).held") == shown)
        let read = try self.value("SELECT value FROM \(schema).held", [])
        #expect(read == (value == .text("a\0b") ? .text(shown) : value))
    }

    @Test func `NULL is neither an empty text nor an empty blob`() throws {
        for type in ["text", "bytea", "bigint"] {
            #expect(try value("SELECT CAST($1 AS \(type)) IS NULL", [.null]) == .integer(1))
            #expect(try value("SELECT CAST($1 AS \(type))", [.null]) == .null)
        }
        #expect(try value("SELECT CAST($1 AS bytea) IS NULL", [.blob([])]) == .integer(0))
        #expect(try value("SELECT CAST($1 AS text) IS NULL", [.text("")]) == .integer(0))
    }

    @Test(arguments: [
        ("'-32768'::smallint", SQLValue.integer(-32768)),
        ("'-2147483648'::integer", .integer(-2_147_483_648)),
        ("true", .integer(1)), ("false", .integer(0)), ("'name'::name", .text("name")),
        ("'some'::varchar(9)", .text("some")), ("'x'::char(3)", .text("x  ")),
    ])
    func `What statements answer is read`(sql: String, expected: SQLValue) throws {
        #expect(try value("SELECT \(sql)", []) == expected)
    }

    @Test(arguments: ["1.5", "now()", "ARRAY[1]", "'{}'::json", "1.5::float8"])
    func `A type that no statement answers is refused and not guessed`(sql: String) throws {
        #expect(throws: StoreError.self) { try value("SELECT \(sql)", []) }
    }
}
