/// The values of a statement: for each `?` in turn, or for each `:name`.
package enum SQLArguments: Sendable {
    case positional([SQLValue])
    case named([String: SQLValue])

    /// Adds values: at the end, or under other names.
    package static func + (left: SQLArguments, right: SQLArguments) -> SQLArguments {
        switch (left, right) {
        case (.positional(let first), .positional(let second)): .positional(first + second)
        case (.named(let some), .named(let more)): .named(some.merging(more) { first, _ in first })
        case (.positional([]), _): right
        case (_, .positional([])): left
        default: preconditionFailure("a statement has places or names, not both")
        }
    }
}

extension SQLArguments: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: (any SQLConvertible)?...) {
        self = .positional(elements.map { $0?.sqlValue ?? .null })
    }
}

extension SQLArguments: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, (any SQLConvertible)?)...) {
        self = .named(
            Dictionary(elements.map { ($0, $1?.sqlValue ?? .null) }) { first, _ in first }
        )
    }
}
