import SQLStore

extension PostgresSession {
    /// A table of values as one array for each column.
    static func source(of table: SQLTable) -> String {
        let arrays = table.columns.map { column in
            let type =
                switch column.kind {
                case .integer: "bigint"
                case .text: "text"
                case .blob: "bytea"
                }
            return "CAST(:\(column.name) AS \(type)[])"
        }
        return "unnest(\(arrays.joined(separator: ", ")))"
            + " AS \(table.name) (\(table.columns.map(\.name).joined(separator: ", ")))"
    }

    /// The arrays of a table's columns.
    static func columns(of table: SQLTable) -> SQLArguments {
        let arrays = table.columns.indices.map { place in
            (table.columns[place].name, SQLValue.text(array(of: table.rows.map { $0[place] })))
        }
        return .named(Dictionary(arrays) { first, _ in first })
    }

    /// An array as text (PostgreSQL's manual, 8.15.6).
    private static func array(of values: [SQLValue]) -> String {
        var text = "{"
        for value in values {
            if text.utf8.count > 1 { text += "," }
            switch value {
            case .null: text += "NULL"
            case .integer(let number): text += String(number)
            case .text(let words): quote(words, into: &text)
            case .blob(let bytes):
                text += "\"\\\\x"
                for byte in bytes {
                    text.unicodeScalars.append(digits[Int(byte >> 4)])
                    text.unicodeScalars.append(digits[Int(byte & 15)])
                }
                text += "\""
            }
        }
        return text + "}"
    }

    private static let digits = Array("0123456789abcdef".unicodeScalars)

    private static func quote(_ words: String, into text: inout String) {
        text += "\""
        for scalar in words.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        text += "\""
    }
}
