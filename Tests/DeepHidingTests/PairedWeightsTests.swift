import Cryptography
import Imaging
import JobModel
import Methods
import Testing

@testable import DeepHiding

/// Weights files of version 2, which hold a second network for the mask of photos.
@Suite struct PairedWeightsTests {
    private let small = WeightsFile(blocks: 1, growth: 2) { _, index in Float(index % 7) / 100 }
    private let photos: WeightsFile = {
        var file = WeightsFile(blocks: 2, growth: 3) { _, index in Float(index % 5) / 90 - 0.02 }
        file.metadata["photo_mask"] = "perceptual"
        file.metadata["working_size"] = "256"
        file.metadata["gain"] = "0.5"
        return file
    }()

    private var pair: WeightsFile {
        var file = small
        file.metadata["format_version"] = "2"
        for (name, value) in photos.metadata { file.metadata["masked.\(name)"] = value }
        for tensor in photos.tensors {
            var moved = tensor
            moved.name = "masked.\(tensor.name)"
            moved.offsets = (
                tensor.offsets.0 + small.data.count, tensor.offsets.1 + small.data.count
            )
            file.tensors.append(moved)
        }
        file.data += photos.data
        return file
    }

    private func method(_ file: WeightsFile) throws -> DeepHidingMethod {
        try DeepHidingMethod(weights: SafetensorsFile(file.bytes), limits: ImageLimits())
    }

    private func delta(_ method: DeepHidingMethod, _ mask: AppliedMask) throws -> [Float] {
        let assignment = ClassAssignment(
            generatorVersion: 2,
            familySeed: 1,
            classIndex: 2,
            textureSeed: 3
        )
        return try method.delta(
            for: Fixtures.noise(width: 18, height: 14, seed: 1),
            of: ClassLabel("birds"),
            artefact: .generated(assignment),
            settings: ProtectionSettings(mode: .classWise),
            under: mask
        ).planes.samples
    }

    @Test func `Each mask has its own network, whichever came first`() throws {
        let (both, small, photos) = try (method(pair), method(small), method(photos))
        #expect(try delta(both, .photo) == delta(photos, .photo))
        #expect(try delta(both, .unmasked) == delta(small, .unmasked))
        #expect(try delta(both, .photo) == delta(photos, .photo))
        #expect(try delta(both, .photo) != delta(both, .unmasked))
    }

    @Test func `Each network states its mask and working size`() throws {
        let both = try method(pair)
        #expect(both.use(under: .photo) == WeightsUse(photoMask: .perceptual, workingSize: 256))
        #expect(both.use(under: .unmasked) == WeightsUse(photoMask: .channels, workingSize: 128))
        #expect(both.statement.photoMask == .perceptual)
        #expect(both.modelSHA256 == SHA256.hash(pair.bytes))
    }

    @Test func `A network alone serves both masks`() throws {
        let alone = try method(photos)
        #expect(alone.use(under: .unmasked) == alone.use(under: .photo))
        #expect(try delta(alone, .photo) == delta(alone, .unmasked))
    }

    @Test func `A pair without its second network is refused`() throws {
        var file = small
        file.metadata["format_version"] = "2"
        let fault = #expect(throws: WeightsError.self) { try method(file) }
        #expect(fault?.detail.contains("in the part masked") == true)
    }

    @Test func `A file of version 1 has no second network`() throws {
        var file = pair
        file.metadata["format_version"] = "1"
        #expect(throws: WeightsError.self) { try method(file) }
    }

    @Test func `A working size out of range is refused`() throws {
        for size in ["63", "1025", "", "x"] {
            var file = small
            file.metadata["working_size"] = size
            let fault = #expect(throws: WeightsError.self) { try method(file) }
            #expect(fault?.detail.contains("working_size") == true)
        }
    }
}
