import Cryptography
import Imaging
import Methods
import Testing

@testable import DeepHiding

@Suite struct HidingNetworkTests {
    static let sets = InstructionSet.allCases.filter(\.isSupported)

    /// PyTorch's results in double precision for random weights, odd sizes included.
    @Test(arguments: sets, ["32x32", "48x80", "17x23"])
    func hidesAsPyTorchDoes(set: InstructionSet, size: String) throws {
        let network = try HidingNetwork(
            weights: Fixtures.named("random-weights.safetensors"),
            instructionSet: set
        )
        let golden = try SafetensorsFile(Fixtures.named("random-golden.safetensors"))
        let protected = network.hide(
            cover: try golden.image("cover_\(size)"),
            secret: try golden.image("secret_\(size)")
        )
        let expected = try golden.image("x_ue_\(size)")
        #expect(protected.width == expected.width && protected.height == expected.height)
        #expect(largestDifference(protected.samples, expected.samples) < 1e-4)
    }

    @Test(arguments: sets, ["32x32", "17x23"])
    func revealsAsPyTorchDoes(set: InstructionSet, size: String) throws {
        let network = try HidingNetwork(
            weights: Fixtures.named("random-weights.safetensors"),
            instructionSet: set
        )
        let golden = try SafetensorsFile(Fixtures.named("random-golden.safetensors"))
        let noise = try golden.image("noise_\(size)").samples
        let revealed = network.reveal(stego: try golden.image("x_ue_\(size)"), secretBranch: noise)
        #expect(
            largestDifference(revealed.samples, try golden.image("reveal_\(size)").samples) < 1e-4
        )
    }

    /// The shipped weights against the vectors that Training exports with them.
    @Test(arguments: ShippedNetwork.allCases, sets)
    func shippedWeightsGiveTheGoldenPerturbations(
        shipped: ShippedNetwork,
        set: InstructionSet
    ) throws {
        let network = try HidingNetwork(shipped.weights, instructionSet: set)
        let golden = try shipped.golden
        let sizes = golden.tensors.keys.filter { $0.hasPrefix("cover_") }.map {
            $0.dropFirst("cover_".count)
        }
        #expect(Set(sizes).isSuperset(of: ["32x32", "48x80", "224x224"]))
        for size in sizes {
            let delta = network.change(
                of: try golden.image("cover_\(size)"),
                hiding: try golden.image("secret_\(size)")
            )
            let expected = try golden.image("delta_\(size)").samples
            #expect(largestDifference(delta, expected) < 1e-4, "at \(size)")
            #expect(expected.contains { abs($0) > 1e-3 }, "the vectors at \(size) are all but zero")
        }
    }

    /// A change that is the same on every photo is found by averaging and subtracted by anybody.
    @Test(arguments: ShippedNetwork.allCases)
    func theShippedNetworksChangeDependsOnTheCover(shipped: ShippedNetwork) throws {
        let network = try HidingNetwork(shipped.weights)
        let golden = try shipped.golden
        let cover = try golden.image("cover_48x80")
        let secret = try golden.image("secret_48x80")
        let one = network.change(of: cover, hiding: secret)
        let other = network.change(of: cover.mirrored, hiding: secret)
        #expect(abs(correlation(one, other)) < 0.5)
    }

    @Test func theInverseGivesTheSecretBack() throws {
        let network = try HidingNetwork(weights: Fixtures.named("random-weights.safetensors"))
        for (width, height) in [(2, 2), (40, 30), (66, 18)] {
            let cover = Fixtures.noise(width: width, height: height, seed: 1)
            let secret = Fixtures.noise(width: width, height: height, seed: 2)
            let (image, branch) = network.hideKeepingSecretBranch(cover: cover, secret: secret)
            // What hiding leaves out does not change its result.
            #expect(image == network.hide(cover: cover, secret: secret))
            let revealed = network.reveal(stego: image, secretBranch: branch)
            #expect(largestDifference(revealed.samples, secret.samples) < 1e-4)
        }
    }

    @Test func aNetworkWhoseLastConvolutionsAreZeroIsTheIdentity() throws {
        let file = WeightsFile(blocks: 3, growth: 2) { name, index in
            name.contains("conv5") ? 0 : Float(index % 7) * 0.1 - 0.3
        }
        let network = try HidingNetwork(weights: file.bytes)
        for (width, height) in [(2, 2), (3, 3), (31, 7), (2, 65)] {
            let cover = Fixtures.noise(width: width, height: height, seed: 5)
            let secret = Fixtures.noise(width: width, height: height, seed: 6)
            let protected = network.hide(cover: cover, secret: secret)
            #expect(
                largestDifference(protected.samples, cover.samples) < 1e-6,
                "\(width)x\(height)"
            )
        }
    }

    /// All sets with a fused multiply-add sum in the same order.
    @Test(.enabled(if: InstructionSet.avx512.isSupported && InstructionSet.avx2.isSupported))
    func avx512AndAVX2GiveTheSameBits() throws {
        let bytes = try Fixtures.named("random-weights.safetensors")
        let cover = Fixtures.noise(width: 37, height: 52, seed: 1),
            secret = Fixtures.noise(width: 37, height: 52, seed: 2)
        let wide = try HidingNetwork(weights: bytes, instructionSet: .avx512).hide(
            cover: cover,
            secret: secret
        )
        let narrow = try HidingNetwork(weights: bytes, instructionSet: .avx2).hide(
            cover: cover,
            secret: secret
        )
        #expect(wide == narrow)
    }

    /// Pictures of changing sizes one after the other, with secrets prepared before, and many at once: all the same bits.
    @Test func memoryPreparationAndConcurrencyDoNotShow() async throws {
        let network = try HidingNetwork(weights: Fixtures.named("random-weights.safetensors"))
        let sizes = [(32, 32), (90, 44), (5, 4), (44, 90), (33, 33), (32, 32), (2, 120)]
        let covers = sizes.map { Fixtures.noise(width: $0.0, height: $0.1, seed: 3) }
        let secrets = sizes.map { Fixtures.noise(width: $0.0, height: $0.1, seed: 4) }
        let alone = try zip(covers, secrets).map { cover, secret in
            try HidingNetwork(weights: Fixtures.named("random-weights.safetensors"))
                .hideKeepingSecretBranch(cover: cover, secret: secret).image
        }
        let prepared = secrets.map(network.prepare)
        #expect(zip(covers, prepared).map { network.hide(cover: $0, secret: $1) } == alone)
        let together = await withTaskGroup(of: (Int, PlanarImage).self) { group in
            for round in 0..<sizes.count * 8 {
                let index = round % sizes.count
                group.addTask {
                    (index, network.hide(cover: covers[index], secret: secrets[index]))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(together.count == sizes.count * 8)
        for (index, image) in together { #expect(image == alone[index]) }
    }

    @Test func revealDependsOnItsSeedAlone() throws {
        let network = try HidingNetwork(weights: Fixtures.named("random-weights.safetensors"))
        let stego = Fixtures.noise(width: 20, height: 14, seed: 8)
        let first = network.reveal(stego: stego, seed: 1)
        #expect(first == network.reveal(stego: stego, seed: 1))
        #expect(first != network.reveal(stego: stego, seed: 2))
        #expect(first.width == 20 && first.height == 14)
    }

    @Test func theNoiseIsNormal() {
        var noise = GaussianNoise(seed: 42)
        let drawn = (0..<20_000).map { _ in Double(noise.next()) }
        let mean = drawn.reduce(0, +) / Double(drawn.count)
        let variance = drawn.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(drawn.count)
        let outside = Double(drawn.count { abs($0) > 1.959964 }) / Double(drawn.count)
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.04)
        #expect(abs(outside - 0.05) < 0.006)
    }

    @Test func theNetworkTellsWhatItIs() throws {
        let bytes = try Fixtures.named("random-weights.safetensors")
        let network = try HidingNetwork(weights: bytes)
        #expect(network.metadata.blocks == 2)
        #expect(network.metadata.growth == 8)
        #expect(network.metadata.clamp == 2)
        #expect(network.metadata.licence.hasPrefix("CC0"))
        #expect(network.instructionSet == .preferred)
        #expect(
            network.sha256.hex == "6d1dbf2b324fb1eb24737b9e8bd02ada1bc7d912c7980e261c2bfbc78145934d"
        )
    }
}

extension HidingNetwork {
    /// The difference that hiding makes, in levels of 1.
    fileprivate func change(of cover: PlanarImage, hiding secret: PlanarImage) -> [Float] {
        zip(hide(cover: cover, secret: secret).samples, cover.samples).map { $0 - $1 }
    }
}

extension PlanarImage {
    /// The image with its columns in the opposite order.
    fileprivate var mirrored: PlanarImage {
        let rows = stride(from: 0, to: samples.count, by: width)
        return PlanarImage(
            width: width,
            height: height,
            channels: channels,
            samples: rows.flatMap { samples[$0..<$0 + width].reversed() }
        )
    }
}

/// Pearson's correlation of two equally long sequences.
private func correlation(_ one: [Float], _ other: [Float]) -> Float {
    func centred(_ values: [Float]) -> [Float] {
        let mean = values.reduce(0, +) / Float(values.count)
        return values.map { $0 - mean }
    }
    func product(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (one, other) = (centred(one), centred(other))
    return product(one, other) / (product(one, one) * product(other, other)).squareRoot()
}
