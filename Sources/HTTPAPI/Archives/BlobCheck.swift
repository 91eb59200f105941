import Archive
import Cryptography

/// What the bytes of a blob are checked against while they are read.
enum BlobCheck: Sendable {
    /// The blob's name.
    case sha256(SHA256Digest, SHA256 = SHA256())
    /// The checksum that an archive states for the file.
    ///
    /// It takes far less time than a hash, and finds what a disk may have done as well: each change
    /// within 32 bits, and all but one in four billion of any others.
    case crc32(UInt32, UInt32 = 0)

    /// Takes in the next bytes.
    mutating func update(_ bytes: [UInt8]) {
        switch self {
        case .sha256(let expected, var hash):
            hash.update(bytes)
            self = .sha256(expected, hash)
        case .crc32(let expected, let checksum):
            self = .crc32(expected, CRC32.update(checksum, bytes))
        }
    }

    /// Whether the bytes so far are those of the blob.
    var isPassed: Bool {
        switch self {
        case .sha256(let expected, let hash): hash.finalize() == expected
        case .crc32(let expected, let checksum): checksum == expected
        }
    }
}
