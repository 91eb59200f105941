/// Where a PostgreSQL database is: `postgres://USER@HOST:PORT/NAME?schema=palimpsest&…`.
///
/// All of it but `schema` is libpq's (PostgreSQL's manual, 34.1.1.2 and 34.1.2), so that several
/// hosts, sockets, certificates, password files and services are given as for every other program.
public struct PostgresLocation: Sendable, Equatable, CustomStringConvertible {
    /// A URL that names no such place; the clause says why.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        /// What is wrong and what to write instead.
        public let description: String
    }

    /// What a connection gets unless the URL says something else.
    private static let defaults = [
        ("application_name", "palimpsest"),
        // A standby that still answers must not be taken for the primary.
        ("target_session_attrs", "read-write"),
        ("connect_timeout", "5"),
        // A machine that vanishes closes no connection.
        ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ]

    /// The schema that has the tables.
    public let schema: String

    /// What libpq gets.
    let connectionString: String

    /// The URL as it was given.
    public let description: String

    /// Parses a URL.
    ///
    /// - Throws: ``Fault``, also for a password: a URL shows in lists of processes and in messages.
    ///   What libpq understands shows when it connects.
    public init(_ text: String) throws(Fault) {
        let scheme = ["postgres://", "postgresql://"].first { text.hasPrefix($0) }
        guard let scheme else { throw Fault(description: "it must begin with postgres://") }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var options: [(name: String, value: String)] = []
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                throw Fault(description: "its option \(pair[0]) must have a value")
            }
            options.append((String(pair[0]), String(pair[1])))
        }
        schema = options.last { $0.name == "schema" }?.value ?? "palimpsest"
        guard Self.isName(schema) else {
            throw Fault(
                description: "its schema must have 1 to 48 small letters, digits and underscores, "
                    + "and begin with a letter"
            )
        }
        let rest = parts[0].dropFirst(scheme.count)
        let hasPassword = rest.lastIndex(of: "@").map { rest[..<$0].contains(":") } == true
        guard !hasPassword, !options.contains(where: { $0.name == "password" }) else {
            throw Fault(
                description: "it must have no password, which others could read; put it into "
                    + "the variable PGPASSWORD, into ~/.pgpass, or name a file by passfile="
            )
        }
        options.removeAll { $0.name == "schema" }
        for (name, value) in Self.defaults where !options.contains(where: { $0.name == name }) {
            options.append((name, value))
        }
        connectionString =
            parts[0] + "?" + options.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        description = text
    }

    private static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        else {
            return false
        }
        return bytes.count <= 48
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
