import Foundation
import Testing

/// Reads the files that `Fixtures/make_fixtures.py` made.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// Little-endian 32-bit floats.
    static func floats(_ name: String) throws -> [Float] {
        let bytes = try bytes(name)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }

    /// What the script embeds as an ICC profile.
    static func profile(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(($0 * $0 / 7 + $0) & 255) }
    }
}
