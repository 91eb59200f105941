public import Cryptography

/// A stored blob: its hash, which is its name, and its size.
public struct BlobReference: Sendable, Hashable {
    /// The hash of the blob's bytes.
    public let sha256: SHA256Digest
    /// The size in bytes.
    public let size: UInt64

    /// Creates a reference.
    public init(sha256: SHA256Digest, size: UInt64) {
        self.sha256 = sha256
        self.size = size
    }
}
