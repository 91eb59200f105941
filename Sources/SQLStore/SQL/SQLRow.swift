import Queue

/// A row of an answer.
package struct SQLRow: Sendable {
    /// The names of an answer's columns, which its rows share.
    package final class Columns: Sendable {
        let names: [String]
        let places: [String: Int]

        /// Takes the names in the order of the columns; of equal ones the first counts.
        package init(_ names: [String]) {
            self.names = names
            places = Dictionary(zip(names, 0...)) { first, _ in first }
        }
    }

    private let columns: Columns
    private let values: [SQLValue]

    /// Creates a row; for sessions.
    package init(_ columns: Columns, _ values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column, which has one.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if it has none, or one of another kind.
    package subscript<Value: SQLConvertible>(_ name: String) -> Value {
        get throws {
            guard let value: Value = try self[name] else { throw Self.error(name, "no value") }
            return value
        }
    }

    /// The value of a column; `nil` if it has none.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if it is of another kind.
    package subscript<Value: SQLConvertible>(_ name: String) -> Value? {
        get throws {
            guard let place = columns.places[name] else {
                throw Self.error(name, "no such column")
            }
            return try value(at: place)
        }
    }

    /// The value of the column at a place; `nil` if it has none.
    package func value<Value: SQLConvertible>(at place: Int) throws -> Value? {
        guard values.indices.contains(place) else { throw Self.error("\(place)", "no such column") }
        if values[place] == .null { return nil }
        guard let value = Value(sqlValue: values[place]) else {
            throw Self.error(columns.names[place], "no legal value")
        }
        return value
    }

    /// The value of the column at a place, whatever it is.
    package func sqlValue(at place: Int) throws -> SQLValue {
        guard values.indices.contains(place) else { throw Self.error("\(place)", "no such column") }
        return values[place]
    }

    private static func error(_ name: String, _ what: String) -> StoreError {
        .corrupt("a row has \(what) for \(name)")
    }
}
