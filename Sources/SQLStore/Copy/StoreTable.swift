/// A table of a store, with what orders its rows.
struct StoreTable {
    let name: String
    /// The columns of its primary key.
    let key: [String]
    /// The column that the database numbers; `nil` if it numbers none.
    var numbered: String?
    /// The numbered column in an SQLite file, if that is the number of the row.
    var numberInSQLite: String?

    /// All of them, so that what a row refers to comes before it.
    static let all = [
        StoreTable(name: "api_keys", key: ["seq"], numbered: "seq", numberInSQLite: "rowid"),
        StoreTable(name: "semantic_images", key: ["tenant", "label"]),
        StoreTable(name: "imported_semantic_images", key: ["tenant", "label", "position"]),
        StoreTable(name: "picture_lists", key: ["id"], numbered: "id"),
        StoreTable(name: "listed_pictures", key: ["list", "position"]),
        StoreTable(name: "jobs", key: ["seq"], numbered: "seq"),
        StoreTable(name: "expired_jobs_with_images", key: ["job"]),
        StoreTable(name: "job_classes", key: ["job", "label"]),
        StoreTable(name: "images", key: ["id"], numbered: "id"),
        StoreTable(name: "attachments", key: ["image", "kind"]),
        StoreTable(name: "idempotency", key: ["tenant", "key"]),
        StoreTable(name: "fair_shares", key: ["tenant"]),
        StoreTable(name: "past_endings", key: ["state"]),
        // After the jobs, whose ends are told already.
        StoreTable(name: "webhooks", key: ["tenant"]),
        StoreTable(name: "webhook_messages", key: ["seq"], numbered: "seq"),
    ]

    /// The columns as a statement names them in a database.
    func list(_ columns: [String], in dialect: SQLDialect) -> String {
        columns.map { column in
            guard column == numbered, let own = numberInSQLite, dialect.keyOrder == own else {
                return column
            }
            return "\(own) AS \(column)"
        }.joined(separator: ", ")
    }

    /// The key's columns as a condition names them.
    func keyList(in dialect: SQLDialect) -> String {
        key.map { $0 == numbered && numberInSQLite == dialect.keyOrder ? dialect.keyOrder : $0 }
            .joined(separator: ", ")
    }
}
