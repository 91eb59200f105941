import Cryptography
import Foundation
import JobModel
import Logging
import Testing

@testable import Workers

/// What the tests of this module work on.
enum Material {
    static let label: ClassLabel = {
        do { return try ClassLabel("cats") } catch { preconditionFailure("\(error)") }
    }()
    static let assignment = ClassAssignment(
        generatorVersion: 2,
        familySeed: .max,
        classIndex: 3,
        textureSeed: 42
    )

    static func image(
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

    /// The folder of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let weightsFile = root.appending(path: "Tests/DeepHidingTests/Fixtures/random-weights.safetensors").path
    static let photo = root.appending(path: "Tests/e2e/fixtures/plane.jpg")

    /// The binary that is built with the tests, beside them.
    static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "palimpsest").path

    static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    /// The real codec.
    static func realCodec() -> CodecConfiguration {
        var configuration = CodecConfiguration(weightsFile: weightsFile)
        configuration.executable = binary
        return configuration
    }

    /// A codec that misbehaves.
    static func fakeCodec(_ behaviour: String) -> CodecConfiguration {
        var configuration = CodecConfiguration(weightsFile: #filePath)
        configuration.executable = "/usr/bin/python3"
        configuration.arguments = [
            root.appending(path: "Tests/WorkersTests/Fixtures/fake_codec.py").path, behaviour,
        ]
        configuration.memoryBytes = nil
        // No limit is scaled.
        configuration.maxPixels = 50_000_000
        configuration.firstDelay = .milliseconds(1)
        return configuration
    }

    /// Runs a body with a pool that is stopped afterwards.
    @discardableResult
    static func withPool<Value: Sendable>(
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
    static func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "palimpsest-\(UUID().uuidString)")
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
func eventually(
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
