/// The relevant records of a pax extended header (POSIX.1-2001).
///
/// A record is `LENGTH KEY=VALUE` and ends in a line feed.
struct PaxRecords {
    /// The member's name.
    private(set) var path: [UInt8]?
    /// The member's size in bytes.
    private(set) var size: UInt64?

    /// Parses the records of one header.
    init(_ bytes: [UInt8]) throws(ArchiveFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let record = try Self.takeRecord(&rest)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw Self.malformed
            }
            try set(record[..<equals], to: record[record.index(after: equals)...])
        }
    }

    private static let malformed = ArchiveFault.invalid("Its extended header is malformed.")

    /// Returns a record without its length and its line feed.
    private static func takeRecord(
        _ rest: inout ArraySlice<UInt8>
    ) throws(ArchiveFault) -> ArraySlice<UInt8> {
        let digits = rest.prefix(8).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        // Besides the digits, a record has a space, a key, an equals sign and a line feed.
        guard length > digits.count + 3, length <= rest.count,
            rest[digits.endIndex] == UInt8(ascii: " ")
        else {
            throw malformed
        }
        let record = rest.prefix(length)
        guard record.last == UInt8(ascii: "\n") else { throw malformed }
        rest = rest.dropFirst(length)
        return record.dropFirst(digits.count + 1).dropLast()
    }

    private mutating func set(
        _ key: ArraySlice<UInt8>,
        to value: ArraySlice<UInt8>
    ) throws(ArchiveFault) {
        let name = String(decoding: key, as: UTF8.self)
        switch name {
        // An empty value cancels a global header's, and global headers may not set a name here.
        case "path": path = value.isEmpty ? nil : Array(value)
        case "size":
            let text = String(decoding: value, as: UTF8.self)
            guard let number = Int64(text), number >= 0, String(number) == text else {
                throw Self.malformed
            }
            size = UInt64(number)
        default:
            // Ignore times, owners, comments and attributes. Sparse files depend on such records
            // too.
            if name.hasPrefix("GNU.sparse.") { throw .sparse }
        }
    }
}
