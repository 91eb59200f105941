/// An opaque identifier: a prefix for its kind, then 130 random bits, such as
/// `job_0123456789abcdefghjkmnpqrs`.
///
/// The 26 characters are Crockford's base 32 in lower case: without i, l, o and u, and safe in URLs
/// and file names. JSON: a string.
public protocol OpaqueIdentifier: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The prefix before the random characters.
    static var prefix: String { get }
    /// The whole identifier.
    var text: String { get }
    /// Wraps a text that is known to be valid.
    init(checked text: String)
}

extension OpaqueIdentifier {
    /// Parses an identifier; `nil` if it is not of this kind.
    public init?(_ text: String) {
        let characters = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), characters.count == identifierLength,
            characters.allSatisfy(identifierAlphabet.contains)
        else { return nil }
        self.init(checked: text)
    }

    /// Generates an identifier with the system's generator, on Linux the kernel's, which is fit for
    /// secrets.
    public static func random() -> Self {
        let characters = (0..<identifierLength).map { _ in
            identifierAlphabet[Int.random(in: 0..<identifierAlphabet.count)]
        }
        return Self(checked: prefix + String(decoding: characters, as: UTF8.self))
    }

    /// The same as ``text``.
    public var description: String { text }

    /// Decodes a string, which must be an identifier of this kind.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let identifier = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not an identifier of this kind"
            )
        }
        self = identifier
    }

    /// Encodes ``text``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

private let identifierLength = 26
private let identifierAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

/// The identifier of a job: `job_` and 26 characters.
public struct JobIdentifier: OpaqueIdentifier {
    /// The prefix before the random characters.
    public static let prefix = "job_"
    /// The whole identifier.
    public let text: String

    /// Wraps a text that is known to be valid; use ``init(_:)`` for any other.
    public init(checked text: String) {
        self.text = text
    }
}

/// The identifier of an API key and of its tenant: `key_` and 26 characters.
///
/// It is not a secret.
public struct APIKeyID: OpaqueIdentifier {
    /// The prefix before the random characters.
    public static let prefix = "key_"
    /// The whole identifier.
    public let text: String

    /// Wraps a text that is known to be valid; use ``init(_:)`` for any other.
    public init(checked text: String) {
        self.text = text
    }
}
