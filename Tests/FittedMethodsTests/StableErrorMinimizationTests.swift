import Cryptography
import Imaging
import JobModel
import Methods
import Testing

@testable import FittedMethods

/// What the method makes of a cover, and what it refuses.
@Suite struct StableErrorMinimizationTests {
    private func method() throws -> StableErrorMinimization {
        try StableErrorMinimization(
            weights: Fixtures.named("sem.safetensors"),
            limits: ImageLimits()
        )
    }

    private func delta(
        _ label: String,
        texture: UInt64 = 1,
        width: Int = 24,
        settings: ProtectionSettings = .standard
    ) throws -> Delta {
        try method().delta(
            for: Fixtures.picture(width: width, height: 20),
            of: ClassLabel(label),
            artefact: Fixtures.artefact(texture: texture),
            settings: settings,
            under: .unmasked
        )
    }

    @Test func `the noise makes the surrogate surer of the class, more than noise at random`()
        throws
    {
        let weights = try Fixtures.named("sem.safetensors")
        let network = try SurrogateNetwork(weights, classes: 3)
        let noise = try StableNoise(surrogate: network, recipe: NoiseRecipe(weights.metadata))
        let cover = Fixtures.picture(width: 24, height: 20)
        func loss(_ change: [Float]) -> Float {
            var seen = cover
            for index in seen.samples.indices {
                seen.samples[index] = min(max(seen.samples[index] + change[index], 0), 1) - 0.5
            }
            return network.gradient(of: 1, at: seen).loss
        }
        let bound: Float = 8 / 255
        let found = noise.noise(for: cover, label: 1, bound: bound, seed: 3).samples
        let random = found.indices.map { $0 % 2 == 0 ? bound : -bound }
        #expect(found.allSatisfy { abs($0) <= bound })
        #expect(loss(found) < loss(random) && loss(found) < loss(found.map { _ in 0 }))
    }

    @Test func `equal input gives equal bits, another class or seed others`() throws {
        let bee = try delta("bee")
        #expect(try delta("bee").planes == bee.planes)
        #expect(try delta("crow").planes != bee.planes)
        #expect(try delta("bee", texture: 2).planes != bee.planes)
        #expect(try delta("bee", texture: 2).artefactSHA256 != bee.artefactSHA256)
    }

    @Test func `half the strength gives half the change`() throws {
        let weak = try delta("bee", settings: ProtectionSettings(strength: 4, clip: false))
        #expect(weak.planes.samples.allSatisfy { abs($0) <= 4 / 255 })
        #expect(weak.planes.samples.contains { abs($0) > 3.9 / 255 })
    }

    @Test func `a class that the model does not know is named with those that it knows`() throws {
        let failure = try #require(throws: ImageFailure.self) { try delta("dog") }
        #expect(failure.code == "class_not_fitted")
        #expect(failure.detail.contains("dog") && failure.detail.contains("ant, bee, crow"))
    }

    @Test func `a working size that would take minutes is refused`() throws {
        let failure = try #require(throws: ImageFailure.self) { try delta("bee", width: 7000) }
        #expect(failure.code == "working_size_unsupported")
    }

    @Test func `the statement has the classes and the hash of the recipe`() throws {
        let statement = try method().statement
        #expect(statement.classes.map(\.text) == ["ant", "bee", "crow"])
        #expect(statement.recipeSHA256 != nil && statement.photoMask == .perceptual)
    }
}
