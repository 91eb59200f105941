import CodecHarness
import CodecProtocol
import Cryptography
import Foundation
import JobModel
import Testing
import ToyMethod

@testable import CodecHost

@Suite("A codec process with several models", .timeLimit(.minutes(10))) struct SeveralModelsTests {
    /// A weights file of the toy method.
    private static let noise: Data = {
        let header = Array(#"{"__metadata__":{"format":"\#(ClassNoise.weightsFormat)"}}"#.utf8)
        return Data((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header)
    }()

    /// The codec that has two methods, with weights files of which `noise` is the toy's.
    private func withPool(
        _ names: [String],
        _ body: (CodecPool, [UInt8]) async throws -> Void
    ) async throws {
        let photo = Array(try Data(contentsOf: Material.photo))
        try await Material.withFolder { folder in
            for name in names {
                let weights =
                    name == "noise"
                    ? Self.noise : try Data(contentsOf: URL(filePath: Material.weightsFile))
                try weights.write(to: URL(filePath: "\(folder)/\(name).safetensors"))
            }
            var configuration = CodecConfiguration(
                models: try ModelFiles(at: folder, default: Material.name(names[0]))
            )
            configuration.executable = Material.binary.replacing(/palimpsest$/, with: "ToyCodec")
            try await Material.withPool(configuration) { try await body($0, photo) }
        }
    }

    private func image(_ photo: [UInt8], model: String?) throws -> CodecImage {
        Material.image(photo, settings: try ProtectionSettings(model: model.map(Material.name)))
    }

    @Test("Each picture of a request gets the model that it names, or the default")
    func protectsByName() async throws {
        try await withPool(["noise", "deep"]) { pool, photo in
            let names = ["deep", nil, "noise", "gone", "deep"]
            let images = try names.map { try image(photo, model: $0) }
            let outcomes = try await pool.withCodec { await $0.protect(images) }
            let methods = outcomes.map { outcome -> String in
                switch outcome {
                case .protected(let image, _): image.report.method.rawValue
                case .failed(let failure): failure.description
                case .crashed(let reason): reason
                case .released: "released"
                }
            }
            let gone =
                "model_unknown: The job's model is not loaded any more; there is noise or deep."
            #expect(methods == ["deep-hiding", "class-noise", "class-noise", gone, "deep-hiding"])
            guard case .ready(let models, _) = pool.states[0] else {
                Issue.record("\(pool.states)")
                return
            }
            #expect(models.map(\.name.rawValue) == ["noise", "deep"])
            #expect(models.map(\.method.rawValue) == ["class-noise", "deep-hiding"])
            #expect(models[0].sha256 == SHA256.hash(Array(Self.noise)))
        }
    }

    @Test("As many weights files are loaded as there may be, and the last one protects")
    func loadsAll() async throws {
        let names = (0..<ModelFiles.maxCount).map { "m\($0)" }
        try await withPool(names) { pool, photo in
            let outcomes = try await pool.withCodec { codec in
                await codec.protect([try image(photo, model: names.last)])
            }
            #expect(outcomes.map(\.isProtected) == [true])
        }
    }

    @Test("Weights that are none are told by the model's name")
    func namesTheBadOne() async throws {
        try await Material.withFolder { folder in
            try Self.noise.write(to: URL(filePath: folder + "/a.safetensors"))
            try Data("none".utf8).write(to: URL(filePath: folder + "/b.safetensors"))
            var configuration = Material.realCodec()
            configuration.models = try ModelFiles(at: folder, default: Material.name("b"))
            try await Material.withPool(configuration) { pool in
                await eventually("it is refused") {
                    pool.readiness.refusal?.hasPrefix("weights_truncated: b: ") == true
                }
            }
        }
    }
}
