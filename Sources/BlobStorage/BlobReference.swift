public import Cryptography

/// A blob that is on disk: its hash, under which it is filed, and its size.
public struct BlobReference: Sendable, Hashable {
    /// The hash of the blob's bytes.
    public let sha256: SHA256Digest
    /// The size in bytes.
    public let size: UInt64

    /// Names a blob.
    public init(sha256: SHA256Digest, size: UInt64) {
        self.sha256 = sha256
        self.size = size
    }
}
