import Archive
import BlobStorage
import CodecHost
import Cryptography
import FoundationEssentials
import HTTPTypes
import Imaging
import JobModel
import JobRunner
import LocalBlobs
import Logging
import Queue
import Testing
import ToyMethod

@testable import HTTPAPI

/// A method that is one folder and one word in a registry protects through the service.
@Suite(.timeLimit(.minutes(10))) struct ToyMethodTests {
    @Test func aMethodOfOneFolderProtectsThroughTheService() async throws {
        let noise = try #require(ModelName(rawValue: "noise"))
        let offered = OfferedModel(
            name: noise,
            method: ClassNoise.id,
            settings: ClassNoise.settings,
            sha256: SHA256.hash([])
        )
        let fixture = try await Fixture(models: [offered])
        let photos = (0..<3).map { seed in Self.photo(seed: seed) }
        var jobs: [String] = []
        for (index, photo) in photos.enumerated() {
            let query =
                "?class=\(index < 2 ? "cats" : "dogs")&mode=class-wise&mask=none&method_settings=level:\(Self.level)"
            jobs.append(try await fixture.upload(try PNGEncoder.encode(photo), query: query))
        }
        try await Self.protect(jobs, of: fixture)

        var signs: [[Int]] = []
        for (job, photo) in zip(jobs, photos) {
            let report = try await fixture.send(.get, "\(job)/images/1/report").json(Report.self)
            #expect(report.method == "class-noise" && report.linf == Self.level)
            #expect(report.methodReport == ["level": Double(Self.level)])
            #expect(report.semanticImageSha256 == nil)
            let answer = try await fixture.send(.get, "\(job)/images/1.png")
            let released = try PhotoDecoder.decode(answer.body)
            signs.append(zip(released.samples, photo.samples).map { Int($0) - Int($1) })
        }
        // Every sample moves by the level that was asked for; a class's photos move alike, two classes' do not.
        #expect(signs.allSatisfy { $0.allSatisfy { abs($0) == Self.level } })
        #expect(signs[0] == signs[1] && signs[0] != signs[2])
        let planes = (0..<Self.side * Self.side * 3).map { place in signs[0][place] }
        #expect(abs(planes.reduce(0, +)) < planes.count * Self.level / 10)
    }

    private struct Report: Decodable {
        let method: String
        let linf: Int
        let semanticImageSha256: String?
        let methodReport: [String: Double]
    }

    private static let side = 40
    /// Not the method's standard.
    private static let level = 3

    /// Levels that one more or less does not bring to an end of the range.
    private static func photo(seed: Int) -> Photo {
        let samples = (0..<side * side * 3).map { UInt8(60 + ($0 * (seed + 3) + $0 / 50) % 130) }
        return Photo(width: side, height: side, layout: .rgb, samples: samples)
    }

    /// Has the codec with the toy method do all jobs.
    private static func protect(_ jobs: [String], of fixture: Fixture) async throws {
        let weights = fixture.folder + "/noise.safetensors"
        let header = Array(#"{"__metadata__":{"format":"\#(ClassNoise.weightsFormat)"}}"#.utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try Data(length + header).write(to: URL(filePath: weights))
        var configuration = CodecConfiguration(models: ModelFiles(file: weights))
        configuration.executable = Self.codec
        let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
        let loop = WorkerLoop(
            configuration: WorkerLoop.Configuration(instance: "tests", run: "toy"),
            store: fixture.store,
            blobs: fixture.blobs,
            ledger: BlobLedger(blobs: fixture.blobs),
            codecs: try CodecPool(count: 1, configuration: configuration, logger: logger),
            logger: logger
        )
        let running = Task { await loop.run() }
        struct State: Decodable { let state: String }
        do {
            for job in jobs {
                while try await fixture.send(.get, job).json(State.self).state != "done" {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        await running.value
    }

    /// The binary that is built with the tests, beside them.
    private static var codec: String {
        let tests =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return tests.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/ToyCodec"
    }
}
