/// Rows of values that a statement reads as if they were in a table.
///
/// PostgreSQL gets all rows with one statement, since what it makes ready for a statement costs as
/// much as several rows.
package struct SQLTable: Sendable {
    /// What a column holds.
    package enum Kind: Sendable {
        case integer
        case text
        case blob
    }

    /// A column.
    package struct Column: Sendable {
        /// Letters and underscores.
        package let name: String
        /// What it holds, where it holds anything.
        package let kind: Kind

        /// Creates a column.
        package init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// What the statement calls it.
    package let name: String
    /// The columns.
    package let columns: [Column]
    /// The rows, each with a value for every column.
    package private(set) var rows: [[SQLValue]] = []

    /// Creates a table without rows.
    package init(_ name: String, _ columns: [Column]) {
        self.name = name
        self.columns = columns
    }

    /// Adds a row, with a value for every column.
    package mutating func add(_ values: [(any SQLConvertible)?]) {
        precondition(values.count == columns.count, "a row has a value for every column")
        rows.append(values.map { $0?.sqlValue ?? .null })
    }

    /// The table as SQLite reads it, one row at a time; its columns are places in their order, as
    /// names would be looked up for every row.
    package var oneRow: String {
        "(SELECT \(columns.map { "? AS \($0.name)" }.joined(separator: ", "))) AS \(name)"
    }

    /// The values of each row for ``oneRow``.
    package var arguments: [SQLArguments] { rows.map { .positional($0) } }
}
