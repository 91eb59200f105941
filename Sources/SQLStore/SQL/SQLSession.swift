/// One transaction of a store, on one connection.
///
/// It must not leave its closure. Statements are written in what SQLite and PostgreSQL have in
/// common. Their places are `?` or `:name`.
package protocol SQLSession: AnyObject {
    /// The time that rows are written with, in milliseconds since 1970; the same for the whole
    /// transaction.
    var now: Int64 { get throws }

    /// What the two databases say differently.
    var dialect: SQLDialect { get }

    /// Whether an earlier run of this transaction may have been committed, without an answer.
    var isRepeated: Bool { get }

    /// Runs a statement, and returns its rows.
    func rows(_ sql: String, _ arguments: SQLArguments) throws -> [SQLRow]

    /// Runs a statement, and returns how many rows it wrote.
    @discardableResult
    func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int

    /// Runs a statement for each of some arguments, in their order, and returns the rows of each.
    ///
    /// That costs one way to the database, and all of them have to be known before.
    func rowsOfEach(_ sql: String, _ arguments: [SQLArguments]) throws -> [[SQLRow]]

    /// Runs a statement for each of some arguments before the next statement, or the end; it costs
    /// no way to the database of its own, and fails then.
    func executeLater(_ sql: String, _ arguments: [SQLArguments]) throws

    /// Runs a statement on a table of values, and returns its rows; without a row in the table it is
    /// not run.
    ///
    /// The rows come in no order. Whether the statement sees what it does to other rows is left
    /// open.
    ///
    /// - Parameters:
    ///   - table: The values.
    ///   - sql: Makes the statement, given what stands after `FROM` for the table.
    /// - Returns: The rows.
    /// - Throws: Errors of the database.
    func rows(of table: SQLTable, _ sql: (_ source: String) -> String) throws -> [SQLRow]

    /// Runs a statement on a table of values before the next statement, or the end; it costs no way
    /// to the database of its own, and fails then.
    func executeLater(_ table: SQLTable, _ sql: (_ source: String) -> String) throws

    /// Runs statements that find their rows in the order of an index.
    ///
    /// As long as a database has not counted what waits, it may think it as good to find all rows by
    /// another index and to sort them, for every claim.
    func withoutSorting<Value>(_ body: () throws -> Value) throws -> Value

    /// Waits until this transaction alone has something, until its end.
    ///
    /// What is read before may be old: read it after. To avoid deadlocks a transaction takes its
    /// locks in the order of ``StoreLock``.
    func lock(_ lock: StoreLock) throws

    /// Says that a power cut may undo this transaction, since it only costs work when it does.
    func mayBeForgotten() throws

    /// Notes that a job's row has changed or is gone, for those who watch it.
    func noteChange(ofJob job: Int64)
}

extension SQLSession {
    package func rowsOfEach(_ sql: String, _ arguments: [SQLArguments]) throws -> [[SQLRow]] {
        try arguments.map { try rows(sql, $0) }
    }

    package func executeLater(_ sql: String, _ arguments: [SQLArguments]) throws {
        for values in arguments { try execute(sql, values) }
    }

    package func rows(
        of table: SQLTable,
        _ sql: (_ source: String) -> String
    ) throws -> [SQLRow] {
        let statement = sql(table.oneRow)
        return try table.arguments.flatMap { try rows(statement, $0) }
    }

    package func executeLater(
        _ table: SQLTable,
        _ sql: (_ source: String) -> String
    ) throws {
        try executeLater(sql(table.oneRow), table.arguments)
    }

    package func withoutSorting<Value>(_ body: () throws -> Value) throws -> Value { try body() }

    @discardableResult
    package func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    package func rows(_ sql: String) throws -> [SQLRow] { try rows(sql, []) }

    /// The first row of an answer.
    package func row(_ sql: String, _ arguments: SQLArguments) throws -> SQLRow? {
        try rows(sql, arguments).first
    }

    /// The first column of the first row; `nil` without a row or a value.
    package func value<Value: SQLConvertible>(
        _ type: Value.Type,
        _ sql: String,
        _ arguments: SQLArguments = []
    ) throws -> Value? {
        try rows(sql, arguments).first?.value(at: 0)
    }

    /// The first column of all rows.
    package func values<Value: SQLConvertible>(
        _ type: Value.Type,
        _ sql: String,
        _ arguments: SQLArguments = []
    ) throws -> [Value] {
        try rows(sql, arguments).compactMap { try $0.value(at: 0) }
    }
}

/// What SQLite and PostgreSQL say differently.
package struct SQLDialect: Sendable {
    /// The column that tells in which order keys were made.
    package let keyOrder: String
    /// Whether a table has the blobs whose rows other processes are about to write.
    package let hasBlobNotes: Bool
    /// The rows of a list of numbers, around its place.
    private let list: (before: String, after: String)

    /// The numbers at a place, which has a ``SQLNumbers``: what stands after `IN`.
    package func numbers(at place: String) -> String { list.before + place + list.after }

    /// SQLite's.
    package static let sqlite = SQLDialect(
        keyOrder: "rowid",
        hasBlobNotes: false,
        list: ("(SELECT value FROM json_each('[' || ", " || ']'))")
    )
    /// PostgreSQL's.
    package static let postgres = SQLDialect(
        keyOrder: "seq",
        hasBlobNotes: true,
        list: ("(SELECT unnest(CAST(string_to_array(", ", ',') AS bigint[])))")
    )
}

/// Numbers as one value, so that a statement has the same words however many they are.
package struct SQLNumbers: SQLConvertible {
    /// The numbers.
    package let numbers: [Int64]

    /// Makes one value of numbers.
    package init(_ numbers: some Sequence<Int64>) { self.numbers = Array(numbers) }

    package var sqlValue: SQLValue { .text(numbers.map(String.init).joined(separator: ",")) }

    package init?(sqlValue: SQLValue) {
        guard case .text(let text) = sqlValue else { return nil }
        let pieces = text.split(separator: ",")
        numbers = pieces.compactMap { Int64($0) }
        guard numbers.count == pieces.count else { return nil }
    }
}

/// What a transaction can have to itself, in the order in which locks are taken.
package enum StoreLock: Sendable, Equatable {
    /// Which keys may make keys.
    case administrators
    /// The quotas, classes and requests of a key.
    case tenant(String)
    /// Whose image is next.
    case queue
    /// Jobs, by their sequence numbers, with the states of their images.
    case jobs([Int64])
    /// Jobs, by their identifiers, with the states of their images; taken in the order of their
    /// sequence numbers.
    case namedJobs([String])
    /// The leases of the images of jobs, by their identifiers, which others may lengthen meanwhile,
    /// too.
    case leases([String])
    /// The right to remove blobs; nobody notes that one is to be placed meanwhile.
    case removal
    /// The right to note that a blob is to be placed, which others may have, too.
    case placing
}
