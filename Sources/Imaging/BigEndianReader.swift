/// Reads big-endian numbers from the front of a byte slice.
struct BigEndianReader {
    /// The bytes not yet read.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// Removes and returns a number of `count` bytes (at most 8).
    ///
    /// Returns nil if fewer bytes are left or the value is 2⁶³ or more.
    mutating func number(_ count: Int) -> Int? {
        guard rest.count >= count else { return nil }
        let value = rest.prefix(count).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(count)
        return Int(exactly: value)
    }

    /// Removes and returns `count` Latin-1 characters, one per byte; nil if fewer bytes are left.
    mutating func text(_ count: Int) -> String? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return String(String.UnicodeScalarView(rest.prefix(count).map(Unicode.Scalar.init)))
    }

    /// Skips bytes; false if there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }
}
