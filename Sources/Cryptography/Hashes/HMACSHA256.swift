import COpenSSL

/// HMAC with SHA-256 (RFC 2104), computed by OpenSSL.
public enum HMACSHA256 {
    /// Authenticates a message.
    ///
    /// - Parameters:
    ///   - message: Any bytes.
    ///   - key: Any bytes; 32 random ones give full strength.
    /// - Returns: The 32-byte code. Do not compare it with a received code by `==`: the timing
    ///   would reveal how many bytes agree.
    public static func authenticate(_ message: [UInt8], key: [UInt8]) -> SHA256Digest {
        // OpenSSL takes a null key as "the previous key", so an empty key needs an address too.
        let addressable = key.isEmpty ? [0] : key
        var code = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        var length = UInt32(code.count)
        let isDone = addressable.withUnsafeBytes { keyBytes in
            HMAC(
                EVP_sha256(),
                keyBytes.baseAddress,
                Int32(key.count),
                message,
                message.count,
                &code,
                &length
            ) != nil
        }
        guard isDone, let digest = SHA256Digest(bytes: code) else {
            preconditionFailure("OpenSSL did not make an HMAC")
        }
        return digest
    }
}
