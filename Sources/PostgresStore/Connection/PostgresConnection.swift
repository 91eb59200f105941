import CPostgres
import Glibc
import SQLStore

/// A connection, for one thread at a time, which its calls block.
///
/// `@unchecked Sendable` is sound because a connection is in ``PostgresPool``'s list of idle ones or
/// in one call, never in two: who takes it out of the list is the only one to have it.
final class PostgresConnection: @unchecked Sendable {
    private let connection: UnsafeMutableRawPointer
    /// Whether an answer never came, or no more is wanted.
    private var isBroken = false
    /// The names of the statements that the server keeps, by their words and types.
    private var names: [String: String] = [:]
    private var lastName = 0
    /// No other connection has such names, so that a pooler that mixes them up runs no statement in
    /// another one's place.
    private let prefix = "palimpsest_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    /// The most statements that the server keeps.
    private static let maxKept = 100

    /// Connects.
    ///
    /// - Parameter location: A connection string or URI, as libpq takes it.
    /// - Throws: ``PostgresFault`` if libpq is missing or nobody answers.
    init(_ location: String) throws(PostgresFault) {
        if let reason = plm_pg_load() {
            throw PostgresFault(
                state: nil,
                message: "libpq cannot be loaded (\(String(cString: reason))); install it "
                    + "(Debian: libpq5)",
                isLost: true
            )
        }
        guard let connection = plm_pg_connect(location) else {
            throw PostgresFault(state: nil, message: "no memory for a connection", isLost: true)
        }
        self.connection = connection
        guard plm_pg_is_connected(connection) else {
            // `deinit` closes it.
            throw PostgresFault(state: nil, message: Self.words(of: connection), isLost: true)
        }
    }

    deinit { plm_pg_close(connection) }

    /// Whether the connection was open when it was last used.
    var isConnected: Bool { !isBroken && plm_pg_is_connected(connection) }

    /// Has the connection not be used again.
    func retire() { isBroken = true }

    /// The descriptor of the connection.
    var socket: Int32 { plm_pg_socket(connection) }

    /// Whether a transaction is open.
    var isInTransaction: Bool { plm_pg_is_in_transaction(connection) }

    /// The number of the server's process that runs the next statement.
    func process() throws -> Int? {
        try execute("SELECT pg_backend_pid()", []).rows.first?.value(at: 0)
    }

    /// Runs statements without parameters.
    func run(_ script: String) throws(PostgresFault) {
        _ = try answer(to: plm_pg_run(connection, script)) { _ in }
    }

    /// A statement with its values.
    struct Statement {
        /// The words, with places as `$1` and so on.
        let sql: String
        var values: [SQLValue] = []
        /// Whether the server should keep what it made of the words, for the next time.
        var isKept = false
    }

    /// What a statement answers: its rows, and how many rows it wrote.
    typealias Answer = (rows: [SQLRow], changed: Int)

    /// Runs a statement.
    ///
    /// - Parameters:
    ///   - sql: The statement, with its places as `$1` and so on.
    ///   - values: The values of its places.
    /// - Returns: Its rows, and how many rows it wrote.
    /// - Throws: ``PostgresFault``.
    func execute(_ sql: String, _ values: [SQLValue]) throws(PostgresFault) -> Answer {
        let answer = withParameters(values) { parameters, _ in
            plm_pg_execute(connection, sql, parameters, parameters.count)
        }
        return try self.answer(to: answer, Self.read)
    }

    /// Runs statements, all on one way to the server and back.
    ///
    /// - Returns: Their answers.
    /// - Throws: The ``PostgresFault`` of the first that failed; those after it were not run.
    func execute(_ statements: [Statement]) throws(PostgresFault) -> [Answer] {
        guard plm_pg_open_pipeline(connection) else { throw lost() }
        var made: [String] = []
        var sizes: [Int] = []
        for statement in statements {
            let isSent = withParameters(statement.values) { parameters, types in
                let name = statement.isKept ? self.name(of: statement.sql, types) : nil
                if let name, name.isNew { made.append(name.key) }
                sizes.append(name?.isNew == true ? 2 : 1)
                return plm_pg_send(
                    connection,
                    name?.text,
                    name?.isNew == true,
                    statement.sql,
                    parameters,
                    parameters.count
                )
            }
            guard isSent else { throw lost() }
        }
        guard plm_pg_end_pipeline(connection) else { throw lost() }
        do throws(PostgresFault) {
            let answers = try answers(of: sizes)
            guard plm_pg_close_pipeline(connection) else { throw lost() }
            return answers
        } catch {
            // The server may have made some of them; their names are not used again.
            for key in made { names[key] = nil }
            guard plm_pg_close_pipeline(connection) else { throw lost(error) }
            throw error
        }
    }

    /// Reads the answers of a pipeline to its end, even if one is a failure.
    private func answers(of sizes: [Int]) throws(PostgresFault) -> [Answer] {
        var answers: [Answer] = []
        var fault: PostgresFault?
        for size in sizes {
            var last: Answer = ([], 0)
            for _ in 0..<size {
                let answer = plm_pg_next(connection)
                if let answer, plm_pg_status(answer) == PLM_PG_SKIPPED {
                    plm_pg_clear(answer)
                } else {
                    do {
                        last = try self.answer(to: answer, Self.read)
                    } catch {
                        fault = fault ?? error
                        if error.isLost { throw error }
                    }
                }
                // What follows each answer.
                if let more = plm_pg_next(connection) {
                    plm_pg_clear(more)
                    throw lost(fault)
                }
            }
            answers.append(last)
        }
        let end = plm_pg_next(connection)
        defer { if let end { plm_pg_clear(end) } }
        guard let end, plm_pg_status(end) == PLM_PG_END else { throw lost(fault) }
        if let fault { throw fault }
        return answers
    }

    /// The name of a statement that the server keeps; `nil` if it keeps enough.
    private func name(
        of sql: String,
        _ types: [UInt32]
    ) -> (text: String, key: String, isNew: Bool)? {
        let key = types.reduce(into: sql) { $0 += " \($1)" }
        if let known = names[key] { return (known, key, false) }
        guard names.count < Self.maxKept else { return nil }
        lastName += 1
        let name = "\(prefix)_\(lastName)"
        names[key] = name
        return (name, key, true)
    }

    /// Notes that the connection cannot be used any more.
    private func lost(_ fault: PostgresFault? = nil) -> PostgresFault {
        isBroken = true
        return PostgresFault(
            state: fault?.state,
            message: fault?.message ?? Self.words(of: connection),
            isLost: true
        )
    }

    private static func read(
        _ answer: UnsafeMutableRawPointer
    ) throws(PostgresFault) -> Answer {
        (try PostgresAnswer.rows(of: answer), Int(plm_pg_changed(answer)))
    }

    private func withParameters<Value>(
        _ values: [SQLValue],
        _ body: ([plm_pg_parameter], _ types: [UInt32]) -> Value
    ) -> Value {
        let encoded = values.map(PostgresValue.init)
        // One buffer holds all values, so that none moves while libpq reads.
        var bytes: [UInt8] = []
        for value in encoded { bytes += value.bytes ?? [] }
        return bytes.withUnsafeBytes { buffer in
            var next = 0
            // An empty value needs an address as well, since none means NULL.
            let empty = UnsafeRawPointer(connection)
            let parameters = encoded.map { value in
                defer { next += value.bytes?.count ?? 0 }
                let address = value.bytes.map { bytes in
                    bytes.isEmpty ? empty : buffer.baseAddress.map { $0 + next } ?? empty
                }
                return plm_pg_parameter(
                    type: value.type,
                    bytes: address?.assumingMemoryBound(to: CChar.self),
                    length: Int32(value.bytes?.count ?? 0)
                )
            }
            return body(parameters, encoded.map(\.type))
        }
    }

    /// Waits for notifications.
    ///
    /// - Parameter milliseconds: The longest wait.
    /// - Returns: The channels of those that have come; `nil` if the connection is lost.
    func notifications(within milliseconds: Int32) -> Set<String>? {
        var descriptor = pollfd(fd: plm_pg_socket(connection), events: Int16(POLLIN), revents: 0)
        guard descriptor.fd >= 0, poll(&descriptor, 1, milliseconds) >= 0 || errno == EINTR,
            plm_pg_consume(connection), isConnected
        else { return nil }
        var channels: Set<String> = []
        var name = [CChar](repeating: 0, count: 64)
        while plm_pg_notification(connection, &name) {
            let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            channels.insert(String(decoding: bytes, as: UTF8.self))
        }
        return channels
    }

    /// Reads an answer and clears it.
    private func answer<Value>(
        to answer: UnsafeMutableRawPointer?,
        _ read: (UnsafeMutableRawPointer) throws(PostgresFault) -> Value
    ) throws(PostgresFault) -> Value {
        guard let answer else {
            isBroken = true
            throw PostgresFault(state: nil, message: Self.words(of: connection), isLost: true)
        }
        defer { plm_pg_clear(answer) }
        guard plm_pg_status(answer) != PLM_PG_FAILED else {
            let state = plm_pg_sqlstate(answer).map { String(cString: $0) }
            // A failure without a state is libpq's own. It may still call the connection open: when
            // it could not send, but has not read as far as the end.
            isBroken = isBroken || state == nil
            throw PostgresFault(
                state: state,
                message: Self.line(plm_pg_error(answer)),
                isLost: !isConnected
            )
        }
        return try read(answer)
    }

    private static func words(of connection: UnsafeMutableRawPointer) -> String {
        line(plm_pg_message(connection))
    }

    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let lines = text.map { String(cString: $0) }?.split(whereSeparator: \.isNewline) ?? []
        let words = lines.map { $0.drop(while: \.isWhitespace) }
        return words.isEmpty ? "no reason was given" : words.joined(separator: "; ")
    }
}
