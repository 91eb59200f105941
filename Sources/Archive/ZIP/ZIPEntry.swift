/// A file of an archive, described before its bytes are available.
public struct ZIPEntry: Sendable, Equatable {
    /// The path inside the archive, with `/` between components.
    public let name: String

    /// The length of the file, in bytes.
    public let size: UInt64

    /// The ``CRC32`` of the file.
    public let crc32: UInt32

    /// Creates a description of a file.
    public init(name: String, size: UInt64, crc32: UInt32) {
        self.name = name
        self.size = size
        self.crc32 = crc32
    }
}
