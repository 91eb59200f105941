import Foundation
import Testing

/// Reads the files made by `Fixtures/make_fixtures.py`.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// Reads little-endian 32-bit floats.
    static func floats(_ name: String) throws -> [Float] {
        let bytes = try bytes(name)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            let pattern: UInt32 = bytes[start..<start + 4].reversed().reduce(0) { value, byte in
                value << 8 | UInt32(byte)
            }
            return Float(bitPattern: pattern)
        }
    }

    /// Returns the RGB profile that the script embeds, padded to `count` bytes (at least 400).
    static func profile(_ count: Int) -> [UInt8] {
        let curve: [UInt8] = Array("curv\0\0\0\0".utf8) + [0, 0, 0, 1, 0x02, 0x33, 0, 0]
        func point(_ numbers: [UInt32]) -> [UInt8] {
            numbers.reduce(into: Array("XYZ \0\0\0\0".utf8)) { $0 += PNGFile.bigEndian($1) }
        }
        return profile(
            count: count,
            space: "RGB ",
            tags: [
                ("rXYZ", point([0x6FA2, 0x38F5, 0x0390])),
                ("gXYZ", point([0x6299, 0xB785, 0x18DA])),
                ("bXYZ", point([0x24A0, 0x0F84, 0xB6CF])), ("rTRC", curve), ("gTRC", curve),
                ("bTRC", curve),
            ]
        )
    }

    /// Returns a profile with some tags, padded to `count` bytes.
    static func profile(
        count: Int,
        space: String,
        tags: [(String, [UInt8])],
        version: UInt8 = 2,
        kind: String = "mntr"
    ) -> [UInt8] {
        let start = 132 + 12 * (tags.count + 1)
        var filled: Int = count - start
        for (_, content) in tags { filled -= content.count }
        var filling: [UInt8] = Array("data\0\0\0\0".utf8)
        for index in 0..<filled - 8 {
            let value: Int = index * index / 7 + index
            filling.append(UInt8(value & 255))
        }
        var table = PNGFile.bigEndian(UInt32(tags.count + 1))
        var data: [UInt8] = []
        for (name, content) in tags + [("fill", filling)] {
            table += Array(name.utf8) + PNGFile.bigEndian(UInt32(start + data.count))
            table += PNGFile.bigEndian(UInt32(content.count))
            data += content
        }
        var head: [UInt8] = PNGFile.bigEndian(UInt32(count))
        head += [0, 0, 0, 0, version, version == 2 ? 0x40 : 0, 0, 0] as [UInt8]
        head += Array(kind.utf8) + Array(space.utf8)
        head += Array((space == "CMYK" ? "Lab " : "XYZ ").utf8)
        head += [UInt8](repeating: 0, count: 12)
        head += Array("acsp".utf8)
        head += [UInt8](repeating: 0, count: 28)
        for number: UInt32 in [0xF6D6, 0x10000, 0xD32D] { head += PNGFile.bigEndian(number) }
        head += [UInt8](repeating: 0, count: 48)
        return head + table + data
    }
}
