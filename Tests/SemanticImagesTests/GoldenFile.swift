import FoundationEssentials
import Testing

/// A version's golden vectors: a safetensors file of float32 tensors named family_class_texture, of
/// shape [3, height, width].
struct GoldenFile {
    struct Vector: Sendable, CustomTestStringConvertible {
        let familySeed: UInt64
        let classIndex: Int
        let textureSeed: UInt64
        let width: Int
        let height: Int
        let samples: [Float]

        var testDescription: String { "class \(classIndex) of \(familySeed), \(width)x\(height)" }
    }

    private struct Entry: Decodable {
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case shape
            case dataOffsets = "data_offsets"
        }
    }

    static func vectors(version: Int) throws -> [Vector] {
        let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        let contents = try #require(
            FileManager.default.contents(atPath: "\(folder)/Fixtures/golden-\(version).safetensors")
        )
        let bytes = [UInt8](contents)
        let end = 8 + Int(bytes[0..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        let entries = try JSONDecoder().decode([String: Entry].self, from: Data(bytes[8..<end]))
        return try entries.map { name, entry in
            let numbers = name.split(separator: "_")
            let samples = stride(
                from: end + entry.dataOffsets[0],
                to: end + entry.dataOffsets[1],
                by: 4
            ).map { at in
                Float(
                    bitPattern: bytes[at..<at + 4].reversed().reduce(0 as UInt32) {
                        $0 << 8 | UInt32($1)
                    }
                )
            }
            return Vector(
                familySeed: try #require(UInt64(numbers[0])),
                classIndex: try #require(Int(numbers[1])),
                textureSeed: try #require(UInt64(numbers[2])),
                width: entry.shape[2],
                height: entry.shape[1],
                samples: samples
            )
        }
    }
}
