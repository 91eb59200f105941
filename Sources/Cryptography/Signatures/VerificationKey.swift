import COpenSSL

/// An Ed25519 verification key (RFC 8032), by OpenSSL.
public struct VerificationKey: Sendable, Hashable {
    /// The length of a key in bytes.
    public static let byteCount = 32
    /// The length of a signature in bytes.
    public static let signatureByteCount = 64
    /// The SubjectPublicKeyInfo header before the key's bytes (RFC 8410 section 4).
    private static let prefix: [UInt8] = [
        0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
    private static let label = "PUBLIC KEY"

    /// The key's bytes.
    public let bytes: [UInt8]

    /// Creates a key from 32 bytes; `nil` for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Parses a SubjectPublicKeyInfo as written by `openssl pkey -pubout`; `nil` for anything else.
    public init?(pem: String) {
        guard let bytes = PEM.decode(pem, label: Self.label), bytes.starts(with: Self.prefix) else {
            return nil
        }
        self.init(bytes: Array(bytes.dropFirst(Self.prefix.count)))
    }

    /// The key as a SubjectPublicKeyInfo.
    public var pem: String { PEM.encode(Self.prefix + bytes, label: Self.label) }

    /// Whether a signature of a message was made by the corresponding signing key.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureByteCount,
            let key = EVP_PKEY_new_raw_public_key(NID_ED25519, nil, bytes, bytes.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
