public import Cryptography

/// A file in the blob store, as a store's row refers to it.
public struct StoredBlob: Sendable, Hashable {
    /// The hash of its bytes.
    public let sha256: SHA256Digest
    /// Its size in bytes.
    public let size: UInt64

    /// Names a file that is stored already.
    public init(sha256: SHA256Digest, size: UInt64) {
        self.sha256 = sha256
        self.size = size
    }
}
