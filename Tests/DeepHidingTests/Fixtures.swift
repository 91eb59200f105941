import FoundationEssentials
import Imaging
import Methods
import Testing

@testable import DeepHiding

/// Files beside the tests and what is made of them.
enum Fixtures {
    static let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }

    /// The weights that the product ships, in the source tree.
    static let shippedWeights =
        folder + "/../../Sources/DeepHiding/Resources/deep-hiding.safetensors"
    static func bytes(_ path: String) throws -> [UInt8] {
        try #require(
            FileManager.default.contents(atPath: path).map { [UInt8]($0) },
            "no file at \(path)"
        )
    }

    static func named(_ name: String) throws -> [UInt8] {
        try bytes("\(folder)/Fixtures/\(name)")
    }

    /// A picture of seeded noise in [0, 1).
    static func noise(width: Int, height: Int, channels: Int = 3, seed: UInt64) -> PlanarImage {
        var generator = SplitMix64(state: seed)
        let samples = (0..<channels * width * height).map { _ in
            Float.random(in: 0..<1, using: &generator)
        }
        return PlanarImage(width: width, height: height, channels: channels, samples: samples)
    }
}

/// The networks of the weights that the product ships, by what each hides under.
enum ShippedNetwork: CaseIterable, Sendable {
    case unmasked, masked

    var weights: SafetensorsFile {
        get throws {
            let file = try SafetensorsFile(Fixtures.bytes(Fixtures.shippedWeights))
            return switch self {
            case .unmasked: file.without(DeepHidingMethod.maskedPart)
            case .masked: file.part(DeepHidingMethod.maskedPart)
            }
        }
    }

    /// The vectors that Training exports with the weights.
    var golden: SafetensorsFile {
        get throws {
            switch self {
            case .unmasked: try SafetensorsFile(Fixtures.named("golden.safetensors"))
            case .masked: try SafetensorsFile(Fixtures.named("golden-masked.safetensors"))
            }
        }
    }
}

extension SafetensorsFile {
    /// A tensor [channels, height, width] as an image.
    func image(_ name: String) throws -> PlanarImage {
        let tensor = try #require(tensors[name], "no tensor \(name)")
        try #require(tensor.shape.count == 3)
        return PlanarImage(
            width: tensor.shape[2],
            height: tensor.shape[1],
            channels: tensor.shape[0],
            samples: values(of: tensor)
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

/// The largest difference of two equally long sequences; infinite if they are not, or if anything is not a number.
func largestDifference(_ one: [Float], _ other: [Float]) -> Float {
    guard one.count == other.count else { return .infinity }
    return zip(one, other).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}
