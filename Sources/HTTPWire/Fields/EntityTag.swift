/// An entity tag, and its comparison with conditional fields (RFC 9110 sections 8.8.3 and 13.1).
public struct EntityTag: Sendable, Equatable {
    /// The text between the quotes.
    public let opaque: String
    /// Whether the tag promises only equivalent content, not equal bytes.
    public let isWeak: Bool

    /// Creates a tag; `nil` unless `opaque` is visible ASCII without quotes.
    public init?(opaque: String, isWeak: Bool = false) {
        guard opaque.utf8.allSatisfy({ Grammar.isVisible($0) && $0 != 0x22 }) else { return nil }
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// The field value.
    public var encoded: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }

    private static func members(of field: String) -> [String] {
        field.utf8.split(separator: UInt8(ascii: ",")).map { member in
            String(decoding: Grammar.trimmed(Array(member)[...]), as: UTF8.self)
        }
    }

    /// Whether an `If-None-Match` value names this tag by weak comparison; if so, answer GET and
    /// HEAD with 304.
    public func matches(ifNoneMatch field: String?) -> Bool {
        guard let field else { return false }
        let members = Self.members(of: field)
        return members == ["*"]
            || members.contains { $0 == "\"\(opaque)\"" || $0 == "W/\"\(opaque)\"" }
    }

    /// Whether an `If-Match` value lets a request proceed; if not, answer 412.
    ///
    /// It does when there is no field, or when the field names this tag by strong comparison.
    public func passes(ifMatch field: String?) -> Bool {
        guard let field else { return true }
        let members = Self.members(of: field)
        return members == ["*"] || (!isWeak && members.contains(encoded))
    }

    /// Whether an `If-Range` value lets a `Range` be honoured.
    ///
    /// It does when there is no field, or when the field is this tag by strong comparison. A date
    /// never matches: content is compared by its bytes.
    public func allowsRange(ifRange field: String?) -> Bool {
        guard let field else { return true }
        return !isWeak && field == encoded
    }
}
