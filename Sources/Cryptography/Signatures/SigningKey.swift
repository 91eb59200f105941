import COpenSSL

/// An Ed25519 signing key (RFC 8032), by OpenSSL.
public struct SigningKey: Sendable {
    /// The length of a key in bytes.
    public static let byteCount = 32
    /// The PKCS #8 header before the key's bytes (RFC 8410 section 7).
    private static let prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ]
    private static let label = "PRIVATE KEY"

    private let seed: [UInt8]
    /// The key that verifies this key's signatures.
    public let verificationKey: VerificationKey

    private init?(seed: [UInt8]) {
        guard seed.count == Self.byteCount else { return nil }
        var bytes = [UInt8](repeating: 0, count: VerificationKey.byteCount)
        let isDone = Self.withKey(seed) { key in
            var count = bytes.count
            return EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1
        }
        guard isDone, let verificationKey = VerificationKey(bytes: bytes) else { return nil }
        self.seed = seed
        self.verificationKey = verificationKey
    }

    /// Generates a new key.
    ///
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public static func generate() throws(CryptographyError) -> SigningKey {
        guard let key = SigningKey(seed: try SecureRandom.bytes(byteCount)) else {
            preconditionFailure("any 32 bytes are an Ed25519 key")
        }
        return key
    }

    /// Parses a PKCS #8 key as written by `openssl genpkey -algorithm ed25519`; `nil` for anything
    /// else.
    public init?(pem: String) {
        guard let bytes = PEM.decode(pem, label: Self.label), bytes.starts(with: Self.prefix) else {
            return nil
        }
        self.init(seed: Array(bytes.dropFirst(Self.prefix.count)))
    }

    /// The key in PKCS #8, which is secret.
    public var pem: String { PEM.encode(Self.prefix + seed, label: Self.label) }

    /// Signs a message.
    ///
    /// - Returns: 64 bytes, always the same for the same message.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerificationKey.signatureByteCount)
        let isDone = Self.withKey(seed) { key in
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var count = signature.count
            return EVP_DigestSignInit(context, nil, nil, nil, key) == 1
                && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        }
        precondition(isDone, "OpenSSL did not sign")
        return signature
    }

    private static func withKey(_ seed: [UInt8], _ body: (OpaquePointer) -> Bool) -> Bool {
        guard let key = EVP_PKEY_new_raw_private_key(NID_ED25519, nil, seed, seed.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        return body(key)
    }
}
