import COpenSSL

/// Cryptographically secure random bytes from OpenSSL's generator, which the kernel seeds.
public enum SecureRandom {
    /// Returns random bytes.
    ///
    /// - Parameter count: The number of bytes, 0 to 1 MiB.
    /// - Returns: `count` bytes.
    /// - Throws: ``CryptographyError/randomUnavailable`` if the generator could not be seeded or
    ///   `count` is out of range.
    public static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
        guard (0...(1 << 20)).contains(count) else { throw .randomUnavailable }
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || RAND_bytes(&bytes, Int32(count)) == 1 else { throw .randomUnavailable }
        return bytes
    }

    /// Returns a random integer, uniform over the whole range.
    ///
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public static func uint64() throws(CryptographyError) -> UInt64 {
        try bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
