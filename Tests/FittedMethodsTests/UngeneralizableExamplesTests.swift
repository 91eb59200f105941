import Cryptography
import DeepHiding
import Imaging
import JobModel
import Methods
import Testing

@testable import FittedMethods

/// What the method makes of a cover, and what it refuses.
@Suite struct UngeneralizableExamplesTests {
    private let cover = Fixtures.picture(width: 24, height: 20)

    private func method(
        _ weights: SafetensorsFile? = nil
    ) throws -> UngeneralizableExamples {
        let weights = try weights ?? Fixtures.named("uge.safetensors")
        return try UngeneralizableExamples(weights: weights, limits: ImageLimits())
    }

    private func delta(
        texture: UInt64 = 1,
        settings: ProtectionSettings = .standard,
        under mask: AppliedMask = .unmasked
    ) throws -> Delta {
        try method().delta(
            for: cover,
            of: ClassLabel("any class"),
            artefact: Fixtures.artefact(texture: texture),
            settings: settings,
            under: mask
        )
    }

    @Test(arguments: ["16x16", "32x24", "17x23", "5x9"])
    func `a change is carried as NumPy carries it`(size: String) throws {
        let golden = try Fixtures.named("uge-golden.safetensors")
        let shape = try #require(golden.tensors["change_\(size)"]).shape
        let field = try ColourField(Fixtures.named("uge.safetensors"))
        var planes = PlanarImage(
            width: shape[2],
            height: shape[1],
            channels: 3,
            samples: try golden.elements("change_\(size)")
        )
        let bound: Float = 8 / 255
        field.carry(&planes, gain: 3, within: bound)
        let wanted = try golden.elements("carried_\(size)")
        for (found, wanted) in zip(planes.samples, wanted) {
            #expect(abs(found - wanted) < 1e-6)
            #expect(abs(found) <= bound + 1e-6)
        }
        #expect(planes.samples.contains { abs($0) > 7 / 255 })
    }

    @Test func `the soft bound gives the carried change back`() throws {
        let settings = try ProtectionSettings(clip: false)
        let carried = try delta(settings: settings).planes
        let enlarged = try delta().planes
        let bound = Float(settings.strength) / 255
        for (wanted, proposed) in zip(carried.samples, enlarged.samples) {
            let ratio = proposed / bound
            #expect(abs(proposed / (1 + ratio * ratio).squareRoot() - wanted) < 0.02 * bound)
        }
    }

    @Test func `equal input gives equal bits, another texture others`() throws {
        #expect(try delta().planes == delta().planes)
        #expect(try delta(texture: 2).planes != delta().planes)
    }

    @Test func `the mask of photos is refused, with what to send instead`() throws {
        let failure = try #require(throws: ImageFailure.self) { try delta(under: .photo) }
        #expect(failure.code == "mask_unsupported")
        #expect(failure.detail.contains("mask=none"))
    }

    @Test func `the file's statement is told, and no classes`() throws {
        let statement = try method().statement
        #expect(statement.classes.isEmpty)
        #expect(statement.licence.contains("licence"))
    }

    @Test(arguments: [
        (#""format_version":"1""#, #""format_version":"3""#, "format_version"),
        (#""gain":"3.0""#, #""gain":"-.5""#, "gain"),
        (#""gain":"3.0""#, #""gain":"1e9""#, "gain"),
        (#""hiding.blocks""#, #""hiding.blokcs""#, "hiding"),
        (#""carrier":{"dtype""#, #""carrion":{"dtype""#, "carrier"),
        (#""shape":[4,4,3]"#, #""shape":[4,3,4]"#, "field"),
    ])
    func `what is wrong in a file is named`(text: String, other: String, name: String) throws {
        let file = try Fixtures.file("uge.safetensors", replacing: text, by: other)
        let error = try #require(throws: WeightsError.self) { try method(file) }
        #expect(error.detail.contains(name), "\(error)")
    }

    @Test func `directions of another length are refused`() throws {
        var bytes = try Fixtures.bytes("uge.safetensors")
        let field = try #require(try Fixtures.named("uge.safetensors").tensors["field"])
        bytes.replaceSubrange(field.range.prefix(4), with: [0, 0, 0x80, 0x3F])
        let error = try #require(throws: WeightsError.self) { try method(SafetensorsFile(bytes)) }
        #expect(error.detail.contains("length 1"))
    }
}
