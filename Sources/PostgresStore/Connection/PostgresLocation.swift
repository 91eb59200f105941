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
        guard Self.hasLegalEscapes(text) else {
            throw Fault(description: "it has a % without two hexadecimal digits other than 00")
        }
        let start = Self.hosts(of: text, scheme: scheme)
        let end = text[start...].firstIndex(of: "?") ?? text.endIndex
        // What libpq would take for a host or a name may be a piece of a password.
        guard !text[start..<end].contains("@") else {
            throw Fault(description: "it must have @ and / of a name or password as %40 and %2F")
        }
        let hasPassword =
            text[..<start].dropFirst(scheme.count).contains(":")
            || text[end...].dropFirst().split(separator: "&").contains {
                $0.hasPrefix("password=")
            }
        guard !hasPassword else {
            throw Fault(
                description: "it must have no password, which others could read; put it into "
                    + "the variable PGPASSWORD, into ~/.pgpass, or name a file by passfile="
            )
        }
        let base = String(text[..<end])
        var options: [(name: String, value: String)] = []
        for item in text[end...].dropFirst().split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                throw Fault(description: "each of its options must be NAME=VALUE")
            }
            options.append((String(pair[0]), String(pair[1])))
        }
        schema = options.last { $0.name == "schema" }?.value ?? "palimpsest"
        guard Self.isName(schema) else {
            throw Fault(
                description: "its schema must have 1 to 48 small letters, digits and underscores, "
                    + "and begin with a letter, but not with pg_"
            )
        }
        options.removeAll { $0.name == "schema" }
        for (name, value) in Self.defaults where !options.contains(where: { $0.name == name }) {
            options.append((name, value))
        }
        connectionString =
            base + "?" + options.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        description = text
    }

    /// Where the hosts begin, after user and password, which libpq (`conninfo_uri_parse_options`)
    /// ends at the first `@` unless a `/` comes before.
    private static func hosts(of text: String, scheme: String) -> String.Index {
        let rest = text.dropFirst(scheme.count)
        guard let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" else {
            return rest.startIndex
        }
        return rest.index(after: end)
    }

    private static func hasLegalEscapes(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.allSatisfy { place in
            guard bytes[place] == UInt8(ascii: "%") else { return true }
            let digits = bytes[(place + 1)...].prefix(2)
            let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            return digits.count == 2 && digits.first != UInt8(ascii: "+") && number ?? 0 > 0
        }
    }

    private static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        // PostgreSQL keeps such names for itself.
        guard !text.hasPrefix("pg_") else { return false }
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
