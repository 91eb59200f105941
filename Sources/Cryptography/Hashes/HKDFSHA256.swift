/// HKDF with SHA-256 (RFC 5869).
enum HKDFSHA256 {
    /// Extracts a 32-byte pseudorandom key from keying material (section 2.2).
    static func extract(salt: [UInt8], _ material: [UInt8]) -> [UInt8] {
        HMACSHA256.authenticate(material, key: salt).bytes
    }

    /// Expands a key to `count` bytes, at most 8,160 (section 2.3).
    static func expand(_ key: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
        precondition(
            (0...255 * SHA256Digest.byteCount).contains(count),
            "HKDF gives no more than 8,160 bytes"
        )
        var output: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 0
        while output.count < count {
            number += 1
            block = HMACSHA256.authenticate(block + info + [number], key: key).bytes
            output += block
        }
        return Array(output.prefix(count))
    }
}
