import Cryptography
import DeepHiding
import FoundationEssentials
import Imaging
import JobModel
import Testing

@testable import Protection

/// Photos, settings and a network of random weights.
enum Material {
    private static let tests = #filePath.split(separator: "/").dropLast(2).reduce("") {
        $0 + "/" + $1
    }

    /// A file below Tests.
    static func file(_ path: String) throws -> [UInt8] {
        try #require(
            FileManager.default.contents(atPath: "\(tests)/\(path)").map { [UInt8]($0) },
            "no file \(path)"
        )
    }

    // A protector with a network of random weights and more metadata.
    static func protector(
        limits: ImageLimits = ImageLimits(),
        metadata: KeyValuePairs<String, String> = [:]
    ) throws -> Protector {
        var weights = try file("DeepHidingTests/Fixtures/random-weights.safetensors")
        for (name, value) in metadata { weights = try adding(name, value, to: weights) }
        let method = DeepHidingMethod(network: try HidingNetwork(weights: weights), limits: limits)
        return Protector(method: method, limits: limits)
    }

    /// A weights file with another entry in its metadata.
    private static func adding(
        _ name: String,
        _ value: String,
        to weights: [UInt8]
    ) throws -> [UInt8] {
        let end = 8 + Int(weights[0..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
        let header = String(decoding: weights[8..<end], as: UTF8.self)
        let metadata = try #require(header.firstRange(of: "\"__metadata__\""))
        let brace = try #require(header[metadata.upperBound...].firstIndex(of: "{"))
        let place = header.index(after: brace)
        var changed = header
        changed.insert(contentsOf: "\"\(name)\":\"\(value)\",", at: place)
        // The tensors must begin at a multiple of eight.
        changed += String(repeating: " ", count: (8 - changed.utf8.count % 8) % 8)
        let count = UInt64(changed.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + changed.utf8
            + weights[end...]
    }

    /// A picture of seeded noise in [0, 1).
    static func noise(width: Int, height: Int, seed: UInt64) -> PlanarImage {
        var generator = SplitMix64(state: seed)
        let samples = (0..<3 * width * height).map { _ in Float.random(in: 0..<1, using: &generator)
        }
        return PlanarImage(width: width, height: height, channels: 3, samples: samples)
    }

    static let label = try? ClassLabel("hats")

    static func assignment(
        classIndex: Int = 3,
        textureSeed: UInt64 = 9,
        version: Int = 2
    ) -> ClassAssignment {
        ClassAssignment(
            generatorVersion: version,
            familySeed: 77,
            classIndex: classIndex,
            textureSeed: textureSeed
        )
    }

    /// A smooth photo with some noise, of any layout; alpha runs from 0 in the first row to 255.
    static func photo(
        width: Int,
        height: Int,
        layout: PixelLayout,
        profile: [UInt8]? = nil
    ) -> Photo {
        var samples: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<layout.colorChannels {
                    samples.append(
                        UInt8(
                            truncatingIfNeeded: 60 + (x * 3 + y * (channel + 1)) % 130
                                + (x * y + channel) % 7
                        )
                    )
                }
                if layout.hasAlpha { samples.append(y == 0 ? 0 : UInt8(min(255, 5 + y * 20))) }
            }
        }
        return Photo(
            width: width,
            height: height,
            layout: layout,
            samples: samples,
            iccProfile: profile
        )
    }
}

/// The tests' own generator, so that every run sees the same numbers.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension Protector {
    /// Protects with the tests' label.
    func protect(
        _ input: [UInt8],
        _ settings: ProtectionSettings = .standard,
        _ assignment: ClassAssignment = Material.assignment(),
        bands: BandRunner = .serial
    ) throws -> ProtectedImage {
        let photo = HashedBytes(input)
        let part = ClassArtefact.generated(assignment).part(for: photo.sha256, mode: settings.mode)
        return try protect(
            photo,
            label: try #require(Material.label),
            settings: settings,
            artefact: part.mapImported { _ in photo },
            bands: bands
        )
    }

    /// Protects with an imported picture.
    func protect(
        _ input: [UInt8],
        _ settings: ProtectionSettings = .standard,
        imported picture: [UInt8],
        bands: BandRunner = .serial
    ) throws -> ProtectedImage {
        try protect(
            HashedBytes(input),
            label: try #require(Material.label),
            settings: settings,
            artefact: .imported(HashedBytes(picture)),
            bands: bands
        )
    }
}
