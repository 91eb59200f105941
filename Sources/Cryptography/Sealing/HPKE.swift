/// Hybrid public-key encryption of single messages (RFC 9180), in base mode.
///
/// The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. Anyone with the public key
/// can encrypt; only the owner of the private key can decrypt.
public enum HPKE {
    private static let kem: [UInt8] = [0x00, 0x20]
    private static let suite: [UInt8] = Array("HPKE".utf8) + kem + [0x00, 0x01, 0x00, 0x02]
    private static let kemSuite: [UInt8] = Array("KEM".utf8) + kem

    /// The key for encrypting.
    public struct PublicKey: Sendable, Hashable {
        /// The length of a key in bytes.
        public static let byteCount = X25519.byteCount
        /// The key's bytes.
        public let bytes: [UInt8]

        /// Creates a key from 32 bytes; `nil` for any other number.
        public init?(bytes: [UInt8]) {
            guard bytes.count == Self.byteCount else { return nil }
            self.bytes = bytes
        }
    }

    /// The key for decrypting.
    public struct PrivateKey: Sendable {
        fileprivate let bytes: [UInt8]
        /// The corresponding public key.
        public let publicKey: PublicKey

        /// Derives the key deterministically from secret material (section 7.1.3).
        ///
        /// - Parameter material: At least 32 unguessable bytes.
        public init(derivedFrom material: [UInt8]) {
            let key = HPKE.extract([], "dkp_prk", material, of: HPKE.kemSuite)
            bytes = HPKE.expand(key, "sk", [], count: X25519.byteCount, of: HPKE.kemSuite)
            guard let publicKey = PublicKey(bytes: X25519.publicKey(of: bytes)) else {
                preconditionFailure("a public key has 32 bytes")
            }
            self.publicKey = publicKey
        }
    }

    /// Encrypts a message.
    ///
    /// - Parameters:
    ///   - message: The message, at most 2 GiB.
    ///   - publicKey: The recipient's public key.
    ///   - info: The purpose of the encryption.
    ///   - additional: Additional authenticated data, which the recipient must know.
    /// - Returns: The encapsulated key, 32 bytes, and the ciphertext, 16 bytes longer than the
    ///   message; `nil` for an invalid public key.
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public static func seal(
        _ message: [UInt8],
        to publicKey: PublicKey,
        info: [UInt8],
        additional: [UInt8]
    ) throws(CryptographyError) -> (encapsulatedKey: [UInt8], ciphertext: [UInt8])? {
        let ephemeral = PrivateKey(derivedFrom: try SecureRandom.bytes(X25519.byteCount))
        return seal(message, to: publicKey, by: ephemeral, info: info, additional: additional)
    }

    static func seal(
        _ message: [UInt8],
        to publicKey: PublicKey,
        by ephemeral: PrivateKey,
        info: [UInt8],
        additional: [UInt8]
    ) -> (encapsulatedKey: [UInt8], ciphertext: [UInt8])? {
        guard let shared = X25519.sharedSecret(ephemeral.bytes, publicKey.bytes) else { return nil }
        let encapsulatedKey = ephemeral.publicKey.bytes
        let (key, nonce) = schedule(shared, encapsulatedKey, publicKey, info)
        return (
            encapsulatedKey, AES256GCM.seal(message, key: key, nonce: nonce, additional: additional)
        )
    }

    /// Decrypts a message; `nil` unless ``seal(_:to:info:additional:)`` made it for this key
    /// unaltered.
    public static func open(
        _ ciphertext: [UInt8],
        encapsulatedKey: [UInt8],
        by privateKey: PrivateKey,
        info: [UInt8],
        additional: [UInt8]
    ) -> [UInt8]? {
        guard let shared = X25519.sharedSecret(privateKey.bytes, encapsulatedKey) else {
            return nil
        }
        let (key, nonce) = schedule(shared, encapsulatedKey, privateKey.publicKey, info)
        return AES256GCM.open(ciphertext, key: key, nonce: nonce, additional: additional)
    }

    /// Derives the key and the nonce of the single message (sections 4.1 and 5.1).
    private static func schedule(
        _ shared: [UInt8],
        _ encapsulatedKey: [UInt8],
        _ publicKey: PublicKey,
        _ info: [UInt8]
    ) -> (key: [UInt8], nonce: [UInt8]) {
        let agreed = extract([], "eae_prk", shared, of: kemSuite)
        let context = encapsulatedKey + publicKey.bytes
        let secret = expand(agreed, "shared_secret", context, count: 32, of: kemSuite)
        let baseMode: [UInt8] = [0]
        let binding =
            baseMode + extract([], "psk_id_hash", [], of: suite)
            + extract([], "info_hash", info, of: suite)
        let scheduled = extract(secret, "secret", [], of: suite)
        return (
            expand(scheduled, "key", binding, count: AES256GCM.keyByteCount, of: suite),
            expand(scheduled, "base_nonce", binding, count: AES256GCM.nonceByteCount, of: suite)
        )
    }

    /// LabeledExtract of section 4.
    private static func extract(
        _ salt: [UInt8],
        _ label: String,
        _ material: [UInt8],
        of suite: [UInt8]
    ) -> [UInt8] {
        HKDFSHA256.extract(salt: salt, Array("HPKE-v1".utf8) + suite + Array(label.utf8) + material)
    }

    /// LabeledExpand of section 4.
    private static func expand(
        _ key: [UInt8],
        _ label: String,
        _ info: [UInt8],
        count: Int,
        of suite: [UInt8]
    ) -> [UInt8] {
        let length = [UInt8(count >> 8), UInt8(count & 0xFF)]
        let labelled = length + Array("HPKE-v1".utf8) + suite + Array(label.utf8) + info
        return HKDFSHA256.expand(key, info: labelled, count: count)
    }
}
