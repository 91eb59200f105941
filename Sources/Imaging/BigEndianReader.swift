/// Takes numbers, the most significant byte first, from the beginning of bytes.
struct BigEndianReader {
    /// What has not been taken.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// Takes a number of so many bytes, at most 8; `nil` if there are fewer, or if it is 2⁶³ or more.
    mutating func number(_ count: Int) -> Int? {
        guard rest.count >= count else { return nil }
        let value = rest.prefix(count).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(count)
        return Int(exactly: value)
    }

    /// Takes letters, one a byte.
    mutating func text(_ count: Int) -> String? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return String(String.UnicodeScalarView(rest.prefix(count).map(Unicode.Scalar.init)))
    }

    /// Passes over bytes; false if there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }
}
