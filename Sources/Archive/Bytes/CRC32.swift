import CDeflate

/// The CRC-32 of ZIP, gzip and PNG (ISO 3309, polynomial 0xEDB88320), computed by libdeflate.
public enum CRC32 {
    /// Returns the checksum of bytes.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        update(0, bytes)
    }

    /// Continues a checksum over further bytes.
    ///
    /// - Parameters:
    ///   - crc: The checksum of the preceding bytes; 0 at the start.
    ///   - bytes: The next bytes.
    /// - Returns: The checksum of all bytes together.
    public static func update(_ crc: UInt32, _ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { update(crc, $0) }
    }

    /// Continues a checksum over further bytes in memory.
    public static func update(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        // libdeflate takes a null pointer as a request to start over, whatever the checksum.
        guard let start = bytes.baseAddress else { return crc }
        return libdeflate_crc32(crc, start, bytes.count)
    }
}
