import SQLStore
import Testing

@testable import PostgresStore

@Suite struct PlaceholdersTests {
    @Test(arguments: [
        ("SELECT ?, ?", "SELECT $1, $2", [nil, nil]),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
        ("SELECT :a_1+:B", "SELECT $1+$2", ["a_1", "B"]),
        ("SELECT x::text, :x::bigint", "SELECT x::text, $1::bigint", ["x"]),
        ("SELECT '?', ':a', 'it''s :b?', ?", "SELECT '?', ':a', 'it''s :b?', $1", [nil]),
        ("SELECT '', ?, ''''", "SELECT '', $1, ''''", [nil]),
        ("(?,?),(:a)", "($1,$2),($3)", [nil, nil, "a"]),
        ("SELECT 'ö?' || ? || 'ü'", "SELECT 'ö?' || $1 || 'ü'", [nil]),
        ("", "", []),
    ])
    func `Places become numbers, except in texts and casts`(
        sql: String,
        turned: String,
        names: [String?]
    ) {
        let statement = Placeholders.turn(sql)
        #expect(statement.sql == turned)
        #expect(statement.names == names)
    }

    @Test func `Values go to their places, and a name without one is NULL`() {
        let statement = Placeholders.turn("SELECT :b, :a, :none, :a")
        #expect(
            Placeholders.values(["a": 1, "b": "two", "more": 3], for: statement)
                == [.text("two"), .integer(1), .null]
        )
        #expect(
            Placeholders.values([1, nil], for: Placeholders.turn("?, ?")) == [.integer(1), .null]
        )
    }

    @Test func `Statements are turned the same way however many there are`() {
        let placeholders = Placeholders()
        for _ in 0..<2 {
            for number in 0..<1500 {
                #expect(
                    placeholders.statement("SELECT \(number), ?").sql == "SELECT \(number), $1"
                )
            }
        }
    }
}
