/// What a `Range` field asks of a representation (RFC 9110 section 14).
public enum ByteRange: Sendable, Equatable {
    /// No range, several ranges, another unit or a malformed value: answer 200 with everything.
    case whole
    /// Answer 206 with these bytes, at least one.
    case part(Range<UInt64>)
    /// Answer 416 with `Content-Range: bytes */length`.
    case unsatisfiable

    /// Resolves a field value against a length.
    ///
    /// Only single ranges are served. A server may ignore any range, and lists of overlapping
    /// ranges are a known attack.
    ///
    /// - Parameters:
    ///   - field: The value of `Range`, or `nil` if absent.
    ///   - length: The length of the representation in bytes.
    public init(_ field: String?, length: UInt64) {
        self = .whole
        guard
            let bounds = field?.octets(afterASCIIPrefix: "bytes=")?
                .split(separator: Grammar.hyphen, omittingEmptySubsequences: false)
        else { return }
        guard bounds.count == 2 else { return }
        if bounds[0].isEmpty {
            guard let suffix = Self.position(bounds[1]) else { return }
            self =
                suffix == 0 || length == 0
                ? .unsatisfiable : .part(length - min(suffix, length)..<length)
            return
        }
        guard let first = Self.position(bounds[0]) else { return }
        var end = length
        if !bounds[1].isEmpty {
            guard let last = Self.position(bounds[1]), last >= first else { return }
            end = last < length ? last + 1 : length
        }
        self = first < length ? .part(first..<end) : .unsatisfiable
    }

    /// Parses a decimal position, saturating at `UInt64.max`; `nil` for anything but digits.
    ///
    /// A position beyond the end is valid, so a number of any length is accepted.
    private static func position(_ digits: Substring.UTF8View) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy(Grammar.isDigit) else { return nil }
        return Grammar.decimal(digits) ?? .max
    }
}
