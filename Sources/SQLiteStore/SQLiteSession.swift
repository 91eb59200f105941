import FoundationEssentials
import GRDB
import Queue
import SQLStore

/// A transaction on a connection to an SQLite file.
///
/// The only writer holds the whole database from the start of its transaction, so that locks have
/// nothing to do.
final class SQLiteSession: SQLSession {
    let db: Database
    private let clock: StoreClock
    private var columns: [String: SQLRow.Columns] = [:]
    private(set) var changedJobs: Set<Int64> = []

    init(_ db: Database, clock: StoreClock) {
        self.db = db
        self.clock = clock
    }

    private(set) lazy var now: Int64 = clock.now
    let dialect = SQLDialect.sqlite
    let isRepeated = false

    func rows(_ sql: String, _ arguments: SQLArguments) throws -> [SQLRow] {
        let cursor = try Row.fetchCursor(
            db.cachedStatement(sql: sql),
            arguments: StatementArguments(arguments)
        )
        var rows: [SQLRow] = []
        var columns: SQLRow.Columns?
        while let row = try cursor.next() {
            let names = columns ?? SQLRow.Columns(Array(row.columnNames))
            columns = names
            rows.append(SQLRow(names, row.databaseValues.map { SQLValue($0) }))
        }
        return rows
    }

    func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int {
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
        return db.changesCount
    }

    func lock(_ lock: StoreLock) {}

    func mayBeForgotten() {}

    func noteChange(ofJob job: Int64) { changedJobs.insert(job) }
}

extension StatementArguments {
    fileprivate init(_ arguments: SQLArguments) {
        switch arguments {
        case .positional(let values): self.init(values.map(\.databaseValue))
        case .named(let values): self.init(values.mapValues(\.databaseValue))
        }
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        self =
            switch value.storage {
            case .null: .null
            case .int64(let number): .integer(number)
            // No column holds such; see the strict tables of the schema.
            case .double(let number): .text(String(number))
            case .string(let text): .text(text)
            case .blob(let data): .blob([UInt8](data))
            }
    }
}
