package import CodecHost
package import CodecProtocol
package import Cryptography
package import Foundation
package import JobModel
package import Logging
package import Testing

/// What the tests of codec processes, of their protocol and of those who use them work on.
package enum Material {
    package static let label: ClassLabel = {
        do { return try ClassLabel("cats") } catch { preconditionFailure("\(error)") }
    }()
    package static let assignment = ClassAssignment(
        generatorVersion: 2,
        familySeed: .max,
        classIndex: 3,
        textureSeed: 42
    )

    package static func image(
        _ bytes: [UInt8] = [1, 2, 3],
        settings: ProtectionSettings = .standard,
        imported: [UInt8]? = nil
    ) -> CodecImage {
        CodecImage(
            photo: HashedBytes(bytes),
            label: label,
            settings: settings,
            artefact: imported.map { .imported(HashedBytes($0)) } ?? .generated(assignment)
        )
    }

    /// A PNG of 2 x 1 pixels, made by Python's zlib.
    package static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + [
            0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x7B, 0x40,
            0xE8, 0xDD,
        ]
        + [
            0, 0, 0, 11, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x60, 0x40, 0x06, 0, 0, 7, 0, 1,
            0, 0, 0, 0,
        ]
        + [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]

    package static let model = SHA256.hash(Array("model".utf8))

    /// What a codec says that has ``model`` alone.
    package static let loaded = LoadedModel(
        name: name("random"),
        method: .deepHiding,
        sha256: model
    )

    /// A model's name, which is one.
    package static func name(_ text: String) -> ModelName {
        guard let name = ModelName(rawValue: text) else {
            preconditionFailure("\(text) is no name")
        }
        return name
    }

    package static let report = ProtectionReport(
        width: 2,
        height: 1,
        mode: .sampleWise,
        strength: 8,
        clip: true,
        bound: 8,
        maxAbsoluteDifference: 8,
        psnr: 31.5,
        ssim: 0.9,
        label: label,
        artefactSHA256: String(repeating: "cd", count: 32),
        modelSHA256: model.hex,
        // SHA-256 of the bytes 1, 2, 3, from coreutils.
        inputSHA256: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
        outputSHA256: SHA256.hash(png).hex,
        inputFormat: "jpeg",
        luminanceOnly: false,
        workingWidth: 2,
        workingHeight: 1
    )

    /// The folder of the package.
    package static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    package static let weightsFile =
        root.appending(path: "Tests/DeepHidingTests/Fixtures/random-weights.safetensors").path
    package static let photo = root.appending(path: "Tests/e2e/fixtures/plane.jpg")

    /// The binary that is built with the tests, beside them.
    package static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "palimpsest").path

    package static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    /// The real codec.
    package static func realCodec() -> CodecConfiguration {
        var configuration = CodecConfiguration(models: ModelFiles(file: weightsFile))
        configuration.executable = binary
        return configuration
    }

    /// A codec that misbehaves.
    package static func fakeCodec(_ behaviour: String) -> CodecConfiguration {
        var configuration = CodecConfiguration(models: ModelFiles(file: #filePath))
        configuration.executable = "/usr/bin/python3"
        configuration.arguments = [
            root.appending(path: "Tests/CodecHarness/Fixtures/fake_codec.py").path, behaviour,
        ]
        configuration.memoryBytes = nil
        // No limit is scaled.
        configuration.maxPixels = 50_000_000
        configuration.firstDelay = .milliseconds(1)
        return configuration
    }

    /// Runs a body with a pool that is stopped afterwards.
    @discardableResult
    package static func withPool<Value: Sendable>(
        _ configuration: CodecConfiguration,
        count: Int = 1,
        _ body: (CodecPool) async throws -> Value
    ) async throws -> Value {
        let pool = try CodecPool(count: count, configuration: configuration, logger: logger)
        let result = await Result { try await body(pool) }
        await pool.stop()
        return try result.get()
    }

    /// A folder that is removed afterwards.
    package static func withFolder<Value>(
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "palimpsest-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

/// Waits until something holds that other tasks bring about; a test that waits in vain fails after five minutes.
package func eventually(
    _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async rethrows {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try? await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("never happened: \(what)", sourceLocation: sourceLocation)
}
