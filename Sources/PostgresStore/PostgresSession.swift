import Queue
import SQLStore

/// A transaction in PostgreSQL, at the isolation level READ COMMITTED: each statement sees what is
/// committed when it begins, so that what is read after a lock is as new as the lock.
final class PostgresSession: SQLSession {
    private let connection: PostgresConnection
    private let placeholders: Placeholders
    private let clock: PostgresClock
    private(set) var changedJobs: Set<Int64> = []
    private var time: Int64?
    /// What goes with the next statement that is waited for.
    private var pending: [PostgresConnection.Statement] = []
    /// Which of those asks for the time.
    private var question: Int?

    let dialect = SQLDialect.postgres
    let isRepeated: Bool

    init(
        _ connection: PostgresConnection,
        placeholders: Placeholders,
        clock: PostgresClock,
        isRepeated: Bool = false
    ) {
        self.connection = connection
        self.placeholders = placeholders
        self.clock = clock
        self.isRepeated = isRepeated
    }

    var now: Int64 {
        get throws {
            if time == nil, question != nil { _ = try send([]) }
            if let time { return time }
            let now = try clock.read(self)
            time = now
            return now
        }
    }

    func rows(_ sql: String, _ arguments: SQLArguments) throws -> [SQLRow] {
        try answer(sql, arguments).rows
    }

    func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int {
        try answer(sql, arguments).changed
    }

    func rowsOfEach(_ sql: String, _ arguments: [SQLArguments]) throws -> [[SQLRow]] {
        try answers(sql, arguments).map(\.rows)
    }

    func executeLater(_ sql: String, _ arguments: [SQLArguments]) {
        pending += statements(sql, arguments)
    }

    func rows(of table: SQLTable, _ sql: (_ source: String) -> String) throws -> [SQLRow] {
        guard !table.rows.isEmpty else { return [] }
        return try rowsOfEach(sql(Self.source(of: table)), [Self.columns(of: table)])
            .flatMap(\.self)
    }

    func executeLater(_ table: SQLTable, _ sql: (_ source: String) -> String) {
        guard !table.rows.isEmpty else { return }
        executeLater(sql(Self.source(of: table)), [Self.columns(of: table)])
    }

    private func answer(
        _ sql: String,
        _ arguments: SQLArguments
    ) throws(PostgresFault) -> PostgresConnection.Answer {
        let statement = placeholders.statement(sql)
        let values = Placeholders.values(arguments, for: statement)
        guard !pending.isEmpty else { return try connection.execute(statement.sql, values) }
        let answers = try send([.init(sql: statement.sql, values: values)])
        return answers.first ?? ([], 0)
    }

    private func answers(
        _ sql: String,
        _ arguments: [SQLArguments]
    ) throws(PostgresFault) -> [PostgresConnection.Answer] {
        guard !arguments.isEmpty else { return [] }
        return try send(statements(sql, arguments))
    }

    private func statements(
        _ sql: String,
        _ arguments: [SQLArguments]
    ) -> [PostgresConnection.Statement] {
        let statement = placeholders.statement(sql)
        return arguments.map { arguments in
            .init(
                sql: statement.sql,
                values: Placeholders.values(arguments, for: statement),
                isKept: true
            )
        }
    }

    /// Runs statements after those that wait.
    private func send(
        _ statements: [PostgresConnection.Statement]
    ) throws(PostgresFault) -> [PostgresConnection.Answer] {
        let (waiting, question) = (pending, question)
        (pending, self.question) = ([], nil)
        let answers = try connection.execute(waiting + statements)
        if let question, let row = answers[question].rows.first {
            time = try? clock.note(row.value(at: 0))
        }
        return Array(answers.dropFirst(waiting.count))
    }

    // MARK: - The transaction

    /// Begins a transaction with the first statement.
    func begin(_ mode: String = "") { pending.append(.init(sql: "BEGIN \(mode)")) }

    /// Runs what waits, and commits.
    func commit() throws(PostgresFault) { _ = try send([.init(sql: "COMMIT")]) }

    func withoutSorting<Value>(_ body: () throws -> Value) throws -> Value {
        pending.append(.init(sql: "SET LOCAL enable_sort = off"))
        let value = try body()
        pending.append(.init(sql: "SET LOCAL enable_sort = on"))
        return value
    }

    func noteChange(ofJob job: Int64) { changedJobs.insert(job) }

    /// A commit waits for the disk, and for synchronous standbys, only if its transaction has
    /// written to the log before.
    static let writesToLog = "SELECT pg_logical_emit_message(true, 'palimpsest', '') IS NULL"

    func writeToLog() { pending.append(.init(sql: Self.writesToLog)) }

    func mayBeForgotten() { pending.append(.init(sql: "SET LOCAL synchronous_commit = off")) }

    // MARK: - Locks

    /// The first number of this program's advisory locks: "plm", and what is locked.
    private static let lockSpace: Int64 = 0x706c_6d00

    /// The lock is taken with the next statement, before it; the time is asked for after it.
    func lock(_ lock: StoreLock) {
        switch lock {
        case .administrators: takeAdvisory(1, 0)
        case .tenant(let tenant): takeAdvisory(2, Self.hash(tenant))
        case .queue: takeAdvisory(3, 0)
        case .jobs(let jobs): takeRows(of: jobs)
        case .namedJobs(let names): takeRows(of: names, "NO KEY UPDATE")
        case .leases(let names): takeRows(of: names, "SHARE")
        case .removal: takeAdvisory(4, 0)
        case .placing: takeAdvisory(4, 0, shared: true)
        }
        guard time == nil, question == nil, !clock.isFixed else { return }
        question = pending.count
        executeLater(PostgresClock.question, [[]])
    }

    private func takeAdvisory(_ kind: Int64, _ number: Int32, shared: Bool = false) {
        let take = shared ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock"
        executeLater(
            "SELECT \(take)(CAST(? AS integer), CAST(? AS integer)) IS NULL",
            [[Self.lockSpace + kind, Int64(number)]]
        )
    }

    private func takeRows(of jobs: [Int64]) {
        guard !jobs.isEmpty else { return }
        executeLater(
            """
            SELECT seq FROM jobs WHERE seq IN \(dialect.numbers(at: "?"))
            ORDER BY seq FOR NO KEY UPDATE
            """,
            [[SQLNumbers(Set(jobs).sorted())]]
        )
    }

    private func takeRows(of names: [String], _ strength: String) {
        var table = SQLTable("wanted", [.init("id", .text)])
        for name in Set(names).sorted() { table.add([name]) }
        executeLater(table) { source in
            """
            SELECT jobs.seq FROM \(source) JOIN jobs ON jobs.id = wanted.id
            ORDER BY jobs.seq FOR \(strength) OF jobs
            """
        }
    }

    /// FNV-1a; two keys of one hash wait for each other, which is all that can happen.
    private static func hash(_ text: String) -> Int32 {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Int32(bitPattern: hash)
    }
}

extension PostgresSession: SchemaSession {
    var isEmpty: Bool {
        get throws {
            try value(
                Bool.self,
                """
                SELECT NOT EXISTS (SELECT 1 FROM information_schema.tables
                    WHERE table_schema = current_schema())
                """
            ) == true
        }
    }

    var migrationTable: String {
        """
        (version bigint PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL,
        applied_at bigint NOT NULL, oldest_binary bigint)
        """
    }

    func hasTable(_ name: String) throws -> Bool {
        try value(
            Bool.self,
            """
            SELECT EXISTS (SELECT 1 FROM information_schema.tables
                WHERE table_schema = current_schema() AND table_name = ?)
            """,
            [name]
        ) == true
    }

    func hasColumn(_ name: String, of table: String) throws -> Bool {
        try value(
            Bool.self,
            """
            SELECT EXISTS (SELECT 1 FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ? AND column_name = ?)
            """,
            [table, name]
        ) == true
    }

    func run(_ script: String) throws {
        if !pending.isEmpty { _ = try send([]) }
        try connection.run(script)
    }
}
