package import Queue

/// Copies all rows of a store, which nobody may use meanwhile, into another one.
///
/// Identifiers, numbers and times stay as they are. What is interrupted is continued by the next
/// run. Rows are compared at the end, one by one.
package struct StoreCopy: Sendable {
    /// The rows of one statement; PostgreSQL takes 65,535 values at most.
    private static let rowsAtOnce = 500

    private let source: any SQLStore
    private let target: any SQLStore

    /// Creates a copy; nothing is read or written yet.
    package init(from source: any SQLStore, to target: any SQLStore) {
        self.source = source
        self.target = target
    }

    /// Copies the rows that the target does not have.
    ///
    /// - Parameter progress: Gets the table and the number of rows after each piece.
    /// - Throws: ``StoreError``.
    package func run(progress: @Sendable (String, Int) -> Void) async throws(StoreError) {
        for table in StoreTable.all {
            let columns = try await columns(of: table)
            var last = try await target.readOnce { db in
                try db.row(
                    "SELECT \(table.key.joined(separator: ", ")) FROM \(table.name) "
                        + "ORDER BY \(Self.descending(table.key)) LIMIT 1",
                    []
                ).map { row in try table.key.indices.map { try row.sqlValue(at: $0) } }
            }
            // Of these there is one row a state from the start.
            if table.name == "past_endings" {
                try await target.write { db in _ = try db.execute("DELETE FROM past_endings") }
                last = nil
            }
            var count = 0
            while true {
                let rows = try await piece(of: table, columns, after: last, in: source)
                guard !rows.isEmpty else { break }
                try await insert(rows, columns, into: table)
                last = Self.key(of: rows, columns, table)
                count += rows.count
                progress(table.name, count)
            }
        }
        try await continueNumbers()
    }

    /// Compares all rows.
    ///
    /// - Returns: How many rows each table has.
    /// - Throws: ``StoreError/corrupt(_:)`` with the table whose rows differ.
    package func compare() async throws(StoreError) -> [(table: String, rows: Int)] {
        var counts: [(table: String, rows: Int)] = []
        for table in StoreTable.all {
            let columns = try await columns(of: table)
            var last: [SQLValue]?
            var count = 0
            while true {
                let rows = try await piece(of: table, columns, after: last, in: source)
                guard try await rows == piece(of: table, columns, after: last, in: target) else {
                    throw .corrupt("the rows of \(table.name) differ from those of the source")
                }
                guard !rows.isEmpty else { break }
                last = Self.key(of: rows, columns, table)
                count += rows.count
            }
            counts.append((table.name, count))
        }
        return counts
    }

    // MARK: - Steps

    private func columns(of table: StoreTable) async throws(StoreError) -> [String] {
        try await target.readOnce { db in
            try db.values(
                String.self,
                """
                SELECT CAST(column_name AS text) FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position
                """,
                [table.name]
            )
        }
    }

    private func piece(
        of table: StoreTable,
        _ columns: [String],
        after last: [SQLValue]?,
        in store: any SQLStore
    ) async throws(StoreError) -> [[SQLValue]] {
        try await store.readOnce { db in
            let key = table.keyList(in: db.dialect)
            let places = [String](repeating: "?", count: table.key.count).joined(separator: ", ")
            let rest = last == nil ? "" : "WHERE (\(key)) > (\(places))"
            let rows = try db.rows(
                """
                SELECT \(table.list(columns, in: db.dialect)) FROM \(table.name) \(rest)
                ORDER BY \(key) LIMIT \(Self.rowsAtOnce)
                """,
                .positional(last ?? [])
            )
            return try rows.map { row in try columns.indices.map { try row.sqlValue(at: $0) } }
        }
    }

    private func insert(
        _ rows: [[SQLValue]],
        _ columns: [String],
        into table: StoreTable
    ) async throws(StoreError) {
        let places = [String](repeating: "?", count: columns.count).joined(separator: ", ")
        let values = [String](repeating: "(\(places))", count: rows.count).joined(separator: ", ")
        try await target.write { db in
            _ = try db.execute(
                """
                INSERT INTO \(table.name) (\(columns.joined(separator: ", "))) VALUES \(values)
                ON CONFLICT DO NOTHING
                """,
                .positional(rows.flatMap { $0 })
            )
        }
    }

    /// Lets the target number on where the source was, so that no number is ever used twice.
    private func continueNumbers() async throws(StoreError) {
        let ever = try await source.readOnce { db in
            try db.rows("SELECT name, seq FROM sqlite_sequence").map { row in
                (try row["name"] as String, try row["seq"] as Int64)
            }
        }
        let known = Dictionary(ever) { first, _ in first }
        for table in StoreTable.all {
            guard let column = table.numbered else { continue }
            try await target.write { db in
                _ = try db.rows(
                    """
                    SELECT setval(pg_get_serial_sequence('\(table.name)', '\(column)'), greatest(
                        coalesce((SELECT max(\(column)) FROM \(table.name)), 1),
                        CAST(? AS bigint), 1))
                    """,
                    [known[table.name]]
                )
            }
        }
    }

    private static func descending(_ key: [String]) -> String {
        key.map { "\($0) DESC" }.joined(separator: ", ")
    }

    private static func key(
        of rows: [[SQLValue]],
        _ columns: [String],
        _ table: StoreTable
    ) -> [SQLValue]? {
        rows.last.map { row in
            table.key.compactMap { name in columns.firstIndex(of: name).map { row[$0] } }
        }
    }
}
