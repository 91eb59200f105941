import CZlib

/// The checksum of ZIP, gzip and PNG (ISO 3309, polynomial 0xEDB88320), by zlib.
public enum CRC32 {
    /// The checksum of all bytes given.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        update(0, bytes)
    }

    /// Continues a checksum over further bytes.
    ///
    /// - Parameters:
    ///   - crc: The checksum of what came before; 0 at the beginning.
    ///   - bytes: What comes next.
    /// - Returns: The checksum of both together.
    public static func update(_ crc: UInt32, _ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { update(crc, $0) }
    }

    /// Continues a checksum over further bytes in memory.
    public static func update(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        // zlib takes a null pointer for the wish to start anew, whatever the checksum.
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return crc }
        let result = crc32_z(uLong(crc), start.assumingMemoryBound(to: Bytef.self), bytes.count)
        return UInt32(truncatingIfNeeded: result)
    }
}
