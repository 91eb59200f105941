/// An entity tag, and the fields that compare with it (RFC 9110 sections 8.8.3 and 13.1).
public struct EntityTag: Sendable, Equatable {
    /// The text between the quotes.
    public let opaque: String
    /// Whether the tag promises equal meaning only, not equal bytes.
    public let isWeak: Bool

    /// Creates a tag; `nil` when `opaque` has characters other than visible ASCII without the quote.
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

    /// Whether an `If-None-Match` value names this tag, by weak comparison: answer 304 to GET and HEAD.
    public func matches(ifNoneMatch field: String?) -> Bool {
        guard let field else { return false }
        let members = Self.members(of: field)
        return members == ["*"] || members.contains { $0 == "\"\(opaque)\"" || $0 == "W/\"\(opaque)\"" }
    }

    /// Whether a request may go on under an `If-Match` value: no field, or this tag by strong comparison; answer 412 otherwise.
    public func passes(ifMatch field: String?) -> Bool {
        guard let field else { return true }
        let members = Self.members(of: field)
        return members == ["*"] || (!isWeak && members.contains(encoded))
    }

    /// Whether a `Range` may be honoured under an `If-Range` value: no field, or this very tag by strong comparison.
    ///
    /// A date never matches: what is served here is compared by its bytes.
    public func allowsRange(ifRange field: String?) -> Bool {
        guard let field else { return true }
        return !isWeak && field == encoded
    }
}
