/// Bytes with their hash, which is computed once; they are equal when the hashes are.
public struct HashedBytes: Sendable, Hashable {
    /// The bytes.
    public let bytes: [UInt8]
    /// The hash of the bytes.
    public let sha256: SHA256Digest

    /// Hashes bytes.
    public init(_ bytes: [UInt8]) {
        self.init(bytes, sha256: SHA256.hash(bytes))
    }

    /// Takes bytes whose hash is known already.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - sha256: Their hash, computed or checked by the caller; it is not compared again.
    public init(_ bytes: [UInt8], sha256: SHA256Digest) {
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// Whether two have the same hash.
    public static func == (first: HashedBytes, second: HashedBytes) -> Bool {
        first.sha256 == second.sha256
    }

    /// Feeds the hash alone.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(sha256)
    }
}
