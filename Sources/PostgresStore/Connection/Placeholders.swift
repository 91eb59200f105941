import SQLStore
import Synchronization

/// Turns the places of statements, `?` and `:name`, into PostgreSQL's `$1`.
///
/// What was turned is remembered, since a store has few statements. Texts in quotes and `::` stay.
final class Placeholders: Sendable {
    /// A statement with the names of its places in the order of their numbers; a `?` has none.
    struct Statement {
        let sql: String
        let names: [String?]
    }

    /// The number of statements at which all are forgotten: some have lists of numbers in them.
    private static let capacity = 512

    private let known = Mutex<[String: Statement]>([:])

    func statement(_ sql: String) -> Statement {
        if let statement = known.withLock({ $0[sql] }) { return statement }
        let statement = Self.turn(sql)
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[sql] = statement
        }
        return statement
    }

    /// The values in the order of the places.
    static func values(_ arguments: SQLArguments, for statement: Statement) -> [SQLValue] {
        switch arguments {
        case .positional(let values): values
        case .named(let values):
            statement.names.map { name in name.flatMap { values[$0] } ?? .null }
        }
    }

    static func turn(_ sql: String) -> Statement {
        let source = Array(sql.utf8)
        var turned: [UInt8] = []
        var names: [String?] = []
        var position = 0
        var isQuoted = false
        while position < source.count {
            let byte = source[position]
            position += 1
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            let isColon = byte == UInt8(ascii: ":") && !isQuoted
            if byte == UInt8(ascii: "?"), !isQuoted {
                names.append(nil)
                turned += Array("$\(names.count)".utf8)
            } else if isColon, position < source.count, source[position] == byte {
                turned += [byte, byte]
                position += 1
            } else if isColon {
                let end = source[position...].firstIndex { !isNamePart($0) } ?? source.endIndex
                let name = String(decoding: source[position..<end], as: UTF8.self)
                position = end
                let place = names.firstIndex(of: name) ?? names.count
                if place == names.count { names.append(name) }
                turned += Array("$\(place + 1)".utf8)
            } else {
                turned.append(byte)
            }
        }
        return Statement(sql: String(decoding: turned, as: UTF8.self), names: names)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
