import Glibc
import Imaging
import Testing

@testable import SemanticImages

@Suite struct SemanticImageGeneratorTests {
    private static let versions = [2, 3]

    /// What the reference in Training draws.
    @Test(arguments: versions)
    func drawsWhatTheReferenceDraws(version: Int) throws {
        let vectors = try GoldenFile.vectors(version: version)
        #expect(vectors.count >= 4)
        for vector in vectors {
            let image = try SemanticImageGenerator.image(
                familySeed: vector.familySeed,
                classIndex: vector.classIndex,
                textureSeed: vector.textureSeed,
                version: version,
                width: vector.width,
                height: vector.height
            )
            #expect(
                image.width == vector.width && image.height == vector.height && image.channels == 3
            )
            #expect(image.samples.count == vector.samples.count)
            let largest = zip(image.samples, vector.samples).map { abs($0 - $1) }.max() ?? .infinity
            #expect(largest < 1e-5, "\(vector.testDescription)")
        }
    }

    @Test(arguments: versions)
    func everyArgumentCounts(version: Int) throws {
        func draw(_ family: UInt64, _ index: Int, _ texture: UInt64) throws -> PlanarImage {
            try SemanticImageGenerator.image(
                familySeed: family,
                classIndex: index,
                textureSeed: texture,
                version: version,
                width: 40,
                height: 24
            )
        }
        let image = try draw(1, 2, 3)
        #expect(try draw(1, 2, 3) == image)
        #expect(try draw(2, 2, 3) != image)
        #expect(try draw(1, 3, 3) != image)
        #expect(try draw(1, 2, 4) != image)
        #expect(image.samples.allSatisfy { 0...1 ~= $0 })
    }

    /// Two textures of a class have edges of one direction; two classes have not.
    @Test func theOutlineIsTheClasssAndNotTheTextures() throws {
        var same: [Double] = [], other: [Double] = []
        for index in 0..<12 {
            let first = try Self.orientations(classIndex: index, textureSeed: 10)
            same.append(
                Self.similarity(first, try Self.orientations(classIndex: index, textureSeed: 77))
            )
            other.append(
                Self.similarity(
                    first,
                    try Self.orientations(classIndex: index + 1, textureSeed: 10)
                )
            )
        }
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
        #expect(mean(same) > 0.8)
        #expect(mean(other) < 0.3)
    }

    @Test func anUnknownVersionOrClassIsRefused() {
        #expect(throws: SemanticImageError.unknownVersion(99)) {
            try SemanticImageGenerator.image(
                familySeed: 1,
                classIndex: 1,
                textureSeed: 1,
                version: 99,
                width: 8,
                height: 8
            )
        }
        #expect(throws: SemanticImageError.impossibleClassIndex(-1)) {
            try SemanticImageGenerator.image(
                familySeed: 1,
                classIndex: -1,
                textureSeed: 1,
                width: 8,
                height: 8
            )
        }
    }

    @Test(arguments: versions)
    func theExtremesOfTheArgumentsAreDrawn(version: Int) throws {
        for (width, height) in [(1, 1), (2, 600), (600, 2)] {
            let image = try SemanticImageGenerator.image(
                familySeed: .max,
                classIndex: .max,
                textureSeed: .max,
                version: version,
                width: width,
                height: height
            )
            #expect(image.samples.allSatisfy { 0...1 ~= $0 })
        }
    }

    @Test func sineAndCosineAreTheCLibrarys() {
        var angle = -100_000.0
        while angle < 100_000 {
            let (sine, cosine) = PortableSine.both(angle)
            #expect(
                abs(sine - sin(angle)) < 1e-15 && abs(cosine - cos(angle)) < 1e-15,
                "at \(angle)"
            )
            angle += 137.77777
        }
        #expect(PortableSine.both(0) == (0, 1))
    }

    /// The published first outputs of SplitMix64 for the seed 1234567.
    @Test func theGeneratorIsSplitMix64() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect(generator.next() == 9_817_491_932_198_370_423)
    }

    // MARK: - Edges

    /// The direction of the edge at each pixel, as a unit vector of the doubled angle, zero where there is none.
    private static func orientations(
        classIndex: Int,
        textureSeed: UInt64
    ) throws -> [(Double, Double)] {
        let side = 64
        let image = try SemanticImageGenerator.image(
            familySeed: 4,
            classIndex: classIndex,
            textureSeed: textureSeed,
            width: side,
            height: side
        )
        let green = image.samples[side * side..<2 * side * side].map(Double.init)
        var result: [(Double, Double)] = []
        for y in 1..<side - 1 {
            for x in 1..<side - 1 {
                let dx = green[y * side + x + 1] - green[y * side + x - 1]
                let dy = green[(y + 1) * side + x] - green[(y - 1) * side + x]
                let length = dx * dx + dy * dy
                result.append(
                    length < 0.02 ? (0, 0) : ((dx * dx - dy * dy) / length, 2 * dx * dy / length)
                )
            }
        }
        return result
    }

    /// The mean cosine of the doubled angle between two fields of edges, where both have one.
    private static func similarity(_ one: [(Double, Double)], _ other: [(Double, Double)]) -> Double
    {
        let pairs = zip(one, other).filter { $0 != (0, 0) && $1 != (0, 0) }
        return pairs.reduce(0) { $0 + $1.0.0 * $1.1.0 + $1.0.1 * $1.1.1 }
            / Double(max(1, pairs.count))
    }
}
