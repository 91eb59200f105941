/// The records of a pax extended header that matter here: `LENGTH KEY=VALUE`, each ending in a line feed (POSIX.1-2001).
struct PaxRecords {
    /// The name of the member.
    private(set) var path: [UInt8]?
    /// The bytes of the member.
    private(set) var size: UInt64?

    /// Reads the records of one header.
    init(_ bytes: [UInt8]) throws(ArchiveFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let record = try Self.takeRecord(&rest)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw Self.malformed }
            try set(record[..<equals], to: record[record.index(after: equals)...])
        }
    }

    private static let malformed = ArchiveFault.invalid("Its extended header is malformed.")

    /// The record without its length and its line feed.
    private static func takeRecord(_ rest: inout ArraySlice<UInt8>) throws(ArchiveFault) -> ArraySlice<UInt8> {
        let digits = rest.prefix(8).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        // A space, a key, an equals sign and a line feed besides the digits.
        guard length > digits.count + 3, length <= rest.count, rest[digits.endIndex] == UInt8(ascii: " ") else {
            throw malformed
        }
        let record = rest.prefix(length)
        guard record.last == UInt8(ascii: "\n") else { throw malformed }
        rest = rest.dropFirst(length)
        return record.dropFirst(digits.count + 1).dropLast()
    }

    private mutating func set(_ key: ArraySlice<UInt8>, to value: ArraySlice<UInt8>) throws(ArchiveFault) {
        let name = String(decoding: key, as: UTF8.self)
        switch name {
        // An empty value takes a global header's back, and none of those may give a name.
        case "path": path = value.isEmpty ? nil : Array(value)
        case "size":
            let text = String(decoding: value, as: UTF8.self)
            guard let number = Int64(text), number >= 0, String(number) == text else { throw Self.malformed }
            size = UInt64(number)
        default:
            // Times, owners, comments, attributes. How a file with holes is written depends on such a record, too.
            if name.hasPrefix("GNU.sparse.") { throw .sparse }
        }
    }
}
