/// Builds PNG files chunk by chunk.
struct PNGFile {
    private(set) var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Begins a file of 8-bit RGB.
    init(width: UInt32, height: UInt32) {
        append("IHDR", Self.bigEndian(width) + Self.bigEndian(height) + [8, 2, 0, 0, 0])
    }

    mutating func append(_ kind: String, _ data: [UInt8]) {
        let body = Array(kind.utf8) + data
        bytes += Self.bigEndian(UInt32(data.count)) + body + Self.bigEndian(Self.crc(body))
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    /// Computes the checksum of the PNG specification, annex D, bit by bit.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = crc & 1 == 1
                crc >>= 1
                if isOdd { crc ^= 0xEDB8_8320 }
            }
        }
        return ~crc
    }
}
