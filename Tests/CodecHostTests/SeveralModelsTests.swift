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
        do { return try weights() } catch { preconditionFailure("\(error)") }
    }()

    /// A weights file of the toy method that states something about itself.
    private static func weights(_ stated: [String: String] = [:]) throws -> Data {
        let metadata = stated.merging(["format": ClassNoise.weightsFormat]) { $1 }
        let header = try JSONEncoder().encode(["__metadata__": metadata])
        return Data((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }) + header
    }

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

    @Test("What weights files state is offered; what is malformed or too long counts as missing")
    func offersStatements() async throws {
        let recipe = String(repeating: "ab", count: 32)
        let table = #"{"cells": [{"mean": 12.72}]}"#
        let stated = [
            "a": [
                "licence": "MIT\n", "training": #"{"recipe_sha256": "\#(recipe)"}"#,
                "protection": table,
            ],
            "b": ["protection": "[]", "training": "[]"],
            "c": ["protection": #"{"mean": NaN}"#, "training": "{"],
            "d": ["protection": #"{"a": "\#(String(repeating: "b", count: 256 << 10))"}"#],
            "e": ["protection": String(repeating: #"{"a":"#, count: 100_000)],
            "f": ["licence": String(repeating: "\\", count: 1 << 20)],
            "g": [:],
        ]
        try await Material.withFolder { folder in
            for (name, stated) in stated {
                try Self.weights(stated).write(to: URL(filePath: "\(folder)/\(name).safetensors"))
            }
            var configuration = CodecConfiguration(
                models: try ModelFiles(at: folder, default: Material.name("g"))
            )
            configuration.executable = Material.binary.replacing(/palimpsest$/, with: "ToyCodec")
            try await Material.withPool(configuration) { pool in
                try await pool.withCodec { _ in }
                let offered = pool.offeredModels
                #expect(offered.map(\.name.rawValue) == ["g", "a", "b", "c", "d", "e", "f"])
                #expect(offered.map(\.sha256) == pool.loadedModels.map(\.sha256))
                #expect(offered.allSatisfy { $0.settings == ClassNoise.settings })
                let first = offered[1].statement
                #expect(first.licence == "MIT " && first.recipeSHA256?.hex == recipe)
                #expect(first.protection?.bytes == Array(table.utf8))
                for model in offered where model.name.rawValue != "a" {
                    #expect(model.statement.protection == nil)
                    #expect(model.statement.recipeSHA256 == nil)
                }
                #expect(offered[6].statement.licence.utf8.count == 2000)
            }
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
