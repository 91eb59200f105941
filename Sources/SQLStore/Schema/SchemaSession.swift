/// A session that can make and change tables.
package protocol SchemaSession: SQLSession {
    /// Whether there are no tables at all.
    var isEmpty: Bool { get throws }

    /// The definition of the table of applied migrations.
    var migrationTable: String { get }

    /// Whether there is a table.
    func hasTable(_ name: String) throws -> Bool

    /// Whether a table has a column.
    func hasColumn(_ name: String, of table: String) throws -> Bool

    /// Runs a script: statements without arguments.
    func run(_ script: String) throws
}
