public import Cryptography

/// What signs the messages of one key's webhook: 32 random bytes, which the receiver has too.
///
/// Unlike an API key it cannot be kept as a hash: each signature needs it.
public struct WebhookSecret: Sendable, Equatable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Takes stored bytes.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Draws a secret.
    ///
    /// - Throws: `CryptographyError.randomUnavailable`.
    public static func generate() throws(CryptographyError) -> WebhookSecret {
        WebhookSecret(bytes: try SecureRandom.bytes(32))
    }

    /// The form in which receivers get it: `whsec_` and Base64.
    public var text: String { "whsec_" + Base64.encode(bytes) }

    /// Signs a message as Standard Webhooks demands.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - id: The message's identifier.
    ///   - timestamp: Seconds since 1970.
    /// - Returns: The value of `webhook-signature`.
    public func signature(of body: [UInt8], id: String, timestamp: Int64) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        return "v1," + Base64.encode(HMACSHA256.authenticate(signed, key: bytes).bytes)
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible {
    /// Nothing of the secret.
    public var description: String { "whsec_…" }
    /// Nothing of the secret.
    public var debugDescription: String { description }
}
