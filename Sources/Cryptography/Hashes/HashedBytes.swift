/// Bytes with their hash, computed once; equal when the hashes are equal.
public struct HashedBytes: Sendable, Hashable {
    /// The bytes.
    public let bytes: [UInt8]
    /// The hash of the bytes.
    public let sha256: SHA256Digest

    /// Hashes bytes.
    public init(_ bytes: [UInt8]) {
        self.init(bytes, sha256: SHA256.hash(bytes))
    }

    /// Creates a value from bytes whose hash is already known.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - sha256: Their hash, computed or verified by the caller; it is not checked again.
    public init(_ bytes: [UInt8], sha256: SHA256Digest) {
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// Whether two values have the same hash.
    public static func == (first: HashedBytes, second: HashedBytes) -> Bool {
        first.sha256 == second.sha256
    }

    /// Feeds only the hash.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(sha256)
    }
}
