import COpenSSL

/// Comparison whose duration does not tell where two secrets differ.
public enum ConstantTime {
    /// Whether two byte strings are equal; their lengths are not kept secret.
    public static func equals(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
