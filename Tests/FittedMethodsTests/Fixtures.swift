import Cryptography
import FoundationEssentials
import Imaging
import JobModel
import Methods
import Testing

/// Files beside the tests, which `python -m methods.golden` in `Training` writes.
enum Fixtures {
    private static let folder =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures"

    static func bytes(_ name: String) throws -> [UInt8] {
        let path = "\(folder)/\(name)"
        let data = try #require(FileManager.default.contents(atPath: path), "no file at \(path)")
        return [UInt8](data)
    }

    static func named(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(bytes(name))
    }

    /// A file with another text in its header, which must be as long.
    static func file(
        _ name: String,
        replacing text: String,
        by other: String
    ) throws -> SafetensorsFile {
        let bytes = try bytes(name)
        let (old, new) = (Array(text.utf8), Array(other.utf8))
        try #require(old.count == new.count)
        let start = try #require(
            bytes.indices.first { bytes[$0...].starts(with: old) },
            "the header has no \(text)"
        )
        return try SafetensorsFile(bytes[..<start] + new + bytes[(start + old.count)...])
    }

    /// A picture of different smooth channels in [0, 1].
    static func picture(width: Int, height: Int) -> PlanarImage {
        let samples = (0..<3 * width * height).map { index -> Float in
            let (channel, place) = index.quotientAndRemainder(dividingBy: width * height)
            let (y, x) = place.quotientAndRemainder(dividingBy: width)
            return Float((x * (channel + 2) + y * (3 - channel)) % 97) / 97
        }
        return PlanarImage(width: width, height: height, channels: 3, samples: samples)
    }

    static func artefact(texture: UInt64) -> ArtefactPart<HashedBytes> {
        .generated(
            ClassAssignment(
                generatorVersion: 2,
                familySeed: 7,
                classIndex: 1,
                textureSeed: texture
            )
        )
    }
}

extension SafetensorsFile {
    /// The elements of a tensor that must exist.
    func elements(_ name: String) throws -> [Float] {
        values(of: try #require(tensors[name], "no tensor \(name)"))
    }
}
