extension SHA256Digest {
    /// The number that decides what is an image's own in sample-wise mode: its texture, or its place in a list.
    ///
    /// The digest is that of the image's file. The number tells nothing about the class's seed, and the same file has always the
    /// same one.
    ///
    /// - Parameter classSeed: What the number depends on beside the file; 0 for nothing.
    /// - Returns: The first 8 bytes, little-endian, of a SHA-256 hash over a fixed word, the class's seed (little-endian) and the
    ///   digest.
    public func sampleSeed(_ classSeed: UInt64) -> UInt64 {
        var hash = SHA256()
        hash.update(Array("palimpsest sample texture".utf8))
        hash.update(withUnsafeBytes(of: classSeed.littleEndian) { Array($0) })
        hash.update(bytes)
        return hash.finalize().bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
