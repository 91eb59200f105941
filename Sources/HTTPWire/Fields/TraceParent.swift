/// The place of a request in its client's trace: the field `traceparent` of W3C Trace Context.
///
///     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
public struct TraceParent: Sendable, Equatable {
    /// The trace, as 32 lowercase hexadecimal digits.
    public let traceID: String
    /// The client's span, as 16 lowercase hexadecimal digits.
    public let parentID: String

    /// Parses a field's value (Trace Context, section 3.2).
    ///
    /// A version that is not known yet is read as the first one, as the section on versioning
    /// (3.2.4) demands, and may have more parts. The result is `nil` for a value that the standard
    /// forbids.
    public init?(_ value: String) {
        let bytes = Array(value.utf8)
        guard bytes.count >= 55, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let parts = [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        let dash = UInt8(ascii: "-")
        guard [2, 35, 52].allSatisfy({ bytes[$0] == dash }),
            parts.allSatisfy({ $0.allSatisfy(Self.isDigit) })
        else { return nil }
        let version = String(decoding: parts[0], as: UTF8.self)
        guard version != "ff", bytes.count == 55 || (version != "00" && bytes[55] == dash),
            // Zeros mean that there is no trace, or no span.
            !parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }),
            !parts[2].allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
        traceID = String(decoding: parts[1], as: UTF8.self)
        parentID = String(decoding: parts[2], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
