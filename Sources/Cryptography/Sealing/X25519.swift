import COpenSSL

/// Diffie-Hellman on Curve25519 (RFC 7748), by OpenSSL.
enum X25519 {
    /// The length in bytes of a private key, a public key and a shared secret.
    static let byteCount = 32

    /// Returns the public key of a private key, which is any 32 bytes.
    static func publicKey(of privateKey: [UInt8]) -> [UInt8] {
        guard let key = EVP_PKEY_new_raw_private_key(NID_X25519, nil, privateKey, privateKey.count)
        else {
            preconditionFailure("any 32 bytes are an X25519 key")
        }
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var count = bytes.count
        precondition(
            EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1,
            "OpenSSL gave no public key"
        )
        return bytes
    }

    /// Returns the secret shared by the owners of two keys; `nil` for an invalid public key.
    ///
    /// A public key is invalid if it has another length or makes every shared secret the same.
    static func sharedSecret(_ privateKey: [UInt8], _ publicKey: [UInt8]) -> [UInt8]? {
        guard let own = EVP_PKEY_new_raw_private_key(NID_X25519, nil, privateKey, privateKey.count)
        else { return nil }
        defer { EVP_PKEY_free(own) }
        guard let other = EVP_PKEY_new_raw_public_key(NID_X25519, nil, publicKey, publicKey.count)
        else { return nil }
        defer { EVP_PKEY_free(other) }
        let context = EVP_PKEY_CTX_new(own, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var secret = [UInt8](repeating: 0, count: byteCount)
        var count = secret.count
        // OpenSSL refuses the all-zero secret (RFC 7748 section 6.1).
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, other) == 1,
            EVP_PKEY_derive(context, &secret, &count) == 1
        else { return nil }
        return secret
    }
}
