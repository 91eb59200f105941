/// An opaque name of 130 random bits behind a prefix that says what it names, such as `job_0123456789abcdefghjkmnpqrs`.
///
/// The 26 characters are Crockford's base 32 in lower case: no i, l, o or u, and safe in URLs and file names. JSON: a string.
public protocol OpaqueIdentifier: Sendable, Hashable, Codable, CustomStringConvertible {
    /// What stands before the random characters.
    static var prefix: String { get }
    /// The whole name.
    var text: String { get }
    /// Takes a text that was checked already.
    init(checked text: String)
}

extension OpaqueIdentifier {
    /// Reads a name; `nil` if it is not of this kind.
    public init?(_ text: String) {
        let characters = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), characters.count == identifierLength,
            characters.allSatisfy(identifierAlphabet.contains)
        else { return nil }
        self.init(checked: text)
    }

    /// Draws a name from the system's generator, which on Linux is the kernel's and fit for secrets.
    public static func random() -> Self {
        let characters = (0..<identifierLength).map { _ in
            identifierAlphabet[Int.random(in: 0..<identifierAlphabet.count)]
        }
        return Self(checked: prefix + String(decoding: characters, as: UTF8.self))
    }

    /// The same as ``text``.
    public var description: String { text }

    /// Decodes a string, which must be a name of this kind.
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

/// The name of a job: `job_` and 26 characters.
public struct JobIdentifier: OpaqueIdentifier {
    /// What stands before the random characters.
    public static let prefix = "job_"
    /// The whole name.
    public let text: String

    /// Takes a text that was checked already; use ``init(_:)`` for any other.
    public init(checked text: String) {
        self.text = text
    }
}

/// The name of an API key, which is also the name of its tenant: `key_` and 26 characters.
///
/// It is no secret.
public struct APIKeyID: OpaqueIdentifier {
    /// What stands before the random characters.
    public static let prefix = "key_"
    /// The whole name.
    public let text: String

    /// Takes a text that was checked already; use ``init(_:)`` for any other.
    public init(checked text: String) {
        self.text = text
    }
}
