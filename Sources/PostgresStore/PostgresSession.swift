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

    private func answer(
        _ sql: String,
        _ arguments: SQLArguments
    ) throws(PostgresFault) -> (rows: [SQLRow], changed: Int) {
        let statement = placeholders.statement(sql)
        return try connection.execute(
            statement.sql,
            Placeholders.values(arguments, for: statement)
        )
    }

    func noteChange(ofJob job: Int64) { changedJobs.insert(job) }

    func mayBeForgotten() throws { try connection.run("SET LOCAL synchronous_commit = off") }

    // MARK: - Locks

    /// The first number of this program's advisory locks: "plm", and what is locked.
    private static let lockSpace: Int64 = 0x706c_6d00

    func lock(_ lock: StoreLock) throws {
        switch lock {
        case .administrators: try takeAdvisory(1, 0)
        case .tenant(let tenant): try takeAdvisory(2, Self.hash(tenant))
        case .queue: try takeAdvisory(3, 0)
        case .jobs(let jobs): try takeRows(of: jobs, "NO KEY UPDATE")
        case .leases(let jobs): try takeRows(of: jobs, "SHARE")
        case .removal: try takeAdvisory(4, 0)
        case .placing: try takeAdvisory(4, 0, shared: true)
        }
    }

    private func takeAdvisory(_ kind: Int64, _ number: Int32, shared: Bool = false) throws {
        let take = shared ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock"
        _ = try rows(
            "SELECT \(take)(CAST(? AS integer), CAST(? AS integer)) IS NULL",
            [Self.lockSpace + kind, Int64(number)]
        )
    }

    private func takeRows(of jobs: [Int64], _ strength: String) throws {
        guard !jobs.isEmpty else { return }
        let list = Set(jobs).sorted().map(String.init).joined(separator: ", ")
        _ = try rows("SELECT seq FROM jobs WHERE seq IN (\(list)) ORDER BY seq FOR \(strength)")
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

    func run(_ script: String) throws { try connection.run(script) }
}
