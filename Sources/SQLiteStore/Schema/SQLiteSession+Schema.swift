import GRDB
import SQLStore

extension SQLiteSession: SchemaSession {
    var isEmpty: Bool {
        get throws { try value(Int.self, "SELECT count(*) FROM sqlite_schema") == 0 }
    }

    // Databases up to schema 12 were made without the column `oldest_binary`.
    var migrationTable: String {
        """
        (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL,
        applied_at INTEGER NOT NULL) STRICT
        """
    }

    func hasTable(_ name: String) throws -> Bool { try db.tableExists(name) }

    func hasColumn(_ name: String, of table: String) throws -> Bool {
        try db.columns(in: table).contains { $0.name == name }
    }

    func run(_ script: String) throws { try db.execute(sql: script) }
}
