import COpenSSL

/// Authenticated encryption with AES-256 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL.
enum AES256GCM {
    static let keyByteCount = 32
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// Encrypts and authenticates a message.
    ///
    /// - Parameters:
    ///   - plaintext: At most 2 GiB.
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, never used with this key before.
    ///   - additional: Additional authenticated data.
    /// - Returns: The ciphertext followed by its tag.
    static func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        nonce: [UInt8],
        additional: [UInt8]
    ) -> [UInt8] {
        precondition(
            key.count == keyByteCount && nonce.count == nonceByteCount,
            "a key or a nonce has a wrong length"
        )
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagByteCount)
        var count: Int32 = 0
        let isDone = sealed.withUnsafeMutableBufferPointer { output in
            let tag = output.baseAddress.map { $0 + plaintext.count }
            return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(context, nil, &count, additional, Int32(additional.count)) == 1
                && EVP_EncryptUpdate(
                    context,
                    output.baseAddress,
                    &count,
                    plaintext,
                    Int32(plaintext.count)
                ) == 1
                && EVP_EncryptFinal_ex(context, tag, &count) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), tag)
                    == 1
        }
        precondition(isDone, "OpenSSL did not encrypt")
        return sealed
    }

    /// Decrypts a message; `nil` unless ``seal(_:key:nonce:additional:)`` made it with the same
    /// inputs.
    static func open(
        _ sealed: [UInt8],
        key: [UInt8],
        nonce: [UInt8],
        additional: [UInt8]
    ) -> [UInt8]? {
        guard sealed.count >= tagByteCount, let length = Int32(exactly: sealed.count) else {
            return nil
        }
        precondition(
            key.count == keyByteCount && nonce.count == nonceByteCount,
            "a key or a nonce has a wrong length"
        )
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var tag = Array(sealed.suffix(tagByteCount))
        var plaintext = [UInt8](repeating: 0, count: sealed.count)
        var count: Int32 = 0
        let isDone =
            EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_DecryptUpdate(context, nil, &count, additional, Int32(additional.count)) == 1
            && EVP_DecryptUpdate(context, &plaintext, &count, sealed, length - Int32(tagByteCount))
                == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &tag) == 1
        var rest: [UInt8] = [0]
        guard isDone, EVP_DecryptFinal_ex(context, &rest, &count) == 1 else { return nil }
        plaintext.removeLast(tagByteCount)
        return plaintext
    }
}
