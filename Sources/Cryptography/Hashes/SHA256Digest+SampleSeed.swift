extension SHA256Digest {
    /// Derives the number that makes an image individual in sample-wise mode: its texture, or its
    /// place in a list.
    ///
    /// The digest is that of the image's file. The number reveals nothing about the class's seed,
    /// and the same file always has the same number.
    ///
    /// - Parameter classSeed: An additional seed for the number; 0 for none.
    /// - Returns: The first 8 bytes, little-endian, of a SHA-256 hash over a fixed word, the
    ///   class's seed (little-endian) and the digest.
    public func sampleSeed(_ classSeed: UInt64) -> UInt64 {
        var hash = SHA256()
        hash.update(Array("palimpsest sample texture".utf8))
        hash.update(withUnsafeBytes(of: classSeed.littleEndian) { Array($0) })
        hash.update(bytes)
        return hash.finalize().bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
