import CPostgres
import SQLStore

/// A value as PostgreSQL's binary format has it, with the identifier of its type (pg_type.dat).
struct PostgresValue {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25

    let type: UInt32
    /// `nil` for no value.
    let bytes: [UInt8]?

    init(_ value: SQLValue) {
        switch value {
        case .null:
            // The statement tells of what type the place is.
            (type, bytes) = (0, nil)
        case .integer(let number):
            (type, bytes) = (Self.int8, withUnsafeBytes(of: number.bigEndian, Array.init))
        case .text(let text):
            // PostgreSQL holds no zero byte; a file's name may have one.
            let legal = text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
            (type, bytes) = (Self.text, Array(legal.utf8))
        case .blob(let blob):
            (type, bytes) = (Self.bytea, blob)
        }
    }
}

/// The rows of an answer in binary format.
enum PostgresAnswer {
    static func rows(of answer: UnsafeMutableRawPointer) throws(PostgresFault) -> [SQLRow] {
        let columns = 0..<plm_pg_columns(answer)
        let names = SQLRow.Columns(columns.map { String(cString: plm_pg_name(answer, $0)) })
        let types = columns.map { plm_pg_type(answer, $0) }
        var rows: [SQLRow] = []
        for row in 0..<plm_pg_rows(answer) {
            var values: [SQLValue] = []
            for column in columns {
                var length: Int32 = 0
                let value = plm_pg_value(answer, row, column, &length)
                values.append(
                    try read(
                        UnsafeRawBufferPointer(start: value, count: Int(length)),
                        isNull: value == nil,
                        type: types[Int(column)]
                    )
                )
            }
            rows.append(SQLRow(names, values))
        }
        return rows
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        isNull: Bool,
        type: UInt32
    ) throws(PostgresFault) -> SQLValue {
        if isNull { return .null }
        switch type {
        case PostgresValue.bytea: return .blob(Array(bytes))
        case PostgresValue.bool: return .integer(bytes.first == 0 ? 0 : 1)
        case PostgresValue.int2, PostgresValue.int4, PostgresValue.int8:
            let negative = bytes.first.map { $0 >= 0x80 } ?? false
            return .integer(
                bytes.reduce(negative ? -1 : 0) { number, byte in number << 8 | Int64(byte) }
            )
        case PostgresValue.text, 19, 1042, 1043:
            return .text(String(decoding: bytes, as: UTF8.self))
        default:
            throw PostgresFault(
                state: nil,
                message: "a statement answers a type that is not read (\(type))",
                isLost: false
            )
        }
    }
}
