import CLinux
import CodecHarness
import CodecProtocol
import Cryptography
import Foundation
import Glibc
import JobModel
import POSIX
import Sandbox
import Testing

@testable import CodecHost

@Suite("The codec process itself", .timeLimit(.minutes(10)))
struct RealCodecTests {
    private func photo() throws -> [UInt8] { Array(try Data(contentsOf: Material.photo)) }

    private func pid(of pool: CodecPool) async throws -> Int32 {
        var found: Int32?
        await eventually("a process is ready") {
            if case .ready(_, let pid) = pool.states[0] { found = pid }
            return found != nil
        }
        return try #require(found)
    }

    @Test("A photo comes back protected, and a broken one with its own error, in one batch")
    func protects() async throws {
        let photo = try photo()
        let images = [photo, Array(photo.prefix(1000)), Array("GIF89a".utf8), [], photo].map {
            Material.image($0)
        }
        let outcomes = try await Material.withPool(Material.realCodec()) { pool in
            try await pool.withCodec { await $0.protect(images) }
        }
        guard case .protected(let image, let sha256) = outcomes[0],
            case .protected(let same, _) = outcomes[4]
        else {
            Issue.record("a photo was not protected")
            return
        }
        #expect(try #require(image.durations).network > 0)
        let report = image.report
        #expect(report.maxAbsoluteDifference <= 8 && report.maxAbsoluteDifference > 0)
        #expect(
            report.modelSHA256
                == SHA256.hash(Array(try Data(contentsOf: URL(filePath: Material.weightsFile)))).hex
        )
        #expect(SHA256.hash(image.file) == sha256)
        #expect(same.file == image.file && same.report == report)
        let codes = outcomes[1...3].map {
            if case .failed(let failure) = $0 { failure.code } else { "none" }
        }
        #expect(codes == ["image_truncated", "image_unsupported", "image_empty"])
    }

    @Test("A limit of pixels that is set bounds photos and semantic images, and is named")
    func boundsPixels() async throws {
        // 201 x 129 pixels, and 128 x 160.
        let photo = try photo()
        let smaller = Array(
            try Data(contentsOf: Material.root.appending(path: "Tests/e2e/fixtures/hats.png"))
        )
        for (limit, isEnough) in [(25_929, true), (25_928, false)] {
            var configuration = Material.realCodec()
            configuration.maxPixels = limit
            let (outcomes, made) = try await Material.withPool(configuration) { pool in
                let images = [Material.image(photo), Material.image(smaller, imported: photo)]
                return (
                    try await pool.withCodec { await $0.protect(images) },
                    try await pool.withCodec { await $0.importPicture(photo) }
                )
            }
            var failures: [ImageFailure] = []
            for outcome in outcomes {
                if case .failed(let failure) = outcome { failures.append(failure) }
            }
            if case .failed(let failure) = made { failures.append(failure) }
            #expect(
                failures.map(\.code)
                    == (isEnough
                        ? [] : ["image_too_large", "semantic_image_unreadable", "image_too_large"])
            )
            for failure in failures {
                #expect(
                    failure.detail.contains(
                        "; \(limit) are allowed (--max-pixels; for a service also PALIMPSEST_MAX_PIXELS)"
                    )
                )
            }
        }
    }

    @Test(
        "More pixels than 50 million get more address space, time and room for answers, and fewer do not get less"
    )
    func growsWithPixels() async throws {
        var configuration = Material.realCodec()
        #expect(configuration.maxPixels == 110_000_000)
        for (pixels, bytes, seconds): (Int, UInt64, Int) in [
            (1000, 4_294_967_296, 60), (50_000_000, 4_294_967_296, 60),
            (110_000_000, 9_394_967_296, 132),
            (100_000_000, 8_544_967_296, 120),
        ] {
            configuration.maxPixels = pixels
            #expect(configuration.addressSpaceBytes == bytes)
            #expect(PixelScale(maxPixels: pixels).addressSpaceBytes == bytes)
            #expect(configuration.scaledCPULimit == .seconds(seconds))
            #expect(configuration.scaledWallLimit == .seconds(2 * seconds))
            #expect(
                configuration.scaledLimits.maxBodyBytes == PixelScale(maxPixels: pixels).answerBytes
            )
            #expect(configuration.scaledLimits.maxHeaderBytes == CodecLimits().maxHeaderBytes)
        }
        #expect(PixelScale(maxPixels: 50_000_000).answerBytes == 536_870_912)
        #expect(PixelScale(maxPixels: 100_000_000).answerBytes == 1_036_870_912)
        try await Material.withPool(configuration) { pool in
            // Sanitizers need more address space than any limit could allow.
            guard !plm_is_sanitized() else { return }
            let limits = try String(
                contentsOfFile: "/proc/\(try await pid(of: pool))/limits",
                encoding: .utf8
            )
            let line = try #require(
                limits.split(separator: "\n").first { $0.hasPrefix("Max address space") }
            )
            #expect(line.contains("8544967296"))
        }
        configuration.memoryBytes = nil
        #expect(configuration.addressSpaceBytes == nil)
    }

    @Test("Its threads are as many as it may use, and all of them are sealed")
    func sealsItsThreads() async throws {
        try await Material.withPool(Material.realCodec()) { pool in
            let tasks = "/proc/\(try await pid(of: pool))/task"
            let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
            // Sanitized processes have threads and calls of their own.
            guard !plm_is_sanitized() else { return }
            #expect(threads.count == min(ThreadTeam.usableProcessors, CodecRequest.maxThreads))
            for thread in threads {
                let status = try String(
                    contentsOfFile: "\(tasks)/\(thread)/status",
                    encoding: .utf8
                )
                #expect(status.contains("\nSeccomp:\t2\n") && status.contains("\nNoNewPrivs:\t1\n"))
            }
        }
    }

    @Test(
        "A picture becomes a semantic image, is hidden in others of its batch, and a broken one has its own error"
    )
    func importsSemanticImages() async throws {
        let photo = try photo()
        try await Material.withPool(Material.realCodec()) { pool in
            guard case .made(let made) = try await pool.withCodec({ await $0.importPicture(photo) })
            else {
                Issue.record("none was made")
                return
            }
            #expect(SHA256.hash(made.bytes) == made.sha256)
            for (bytes, code) in [
                (Array(photo.prefix(1000)), "image_truncated"), ([], "image_empty"),
                (Array("GIF89a".utf8), "image_unsupported"),
            ] {
                guard
                    case .failed(let failure) = try await pool.withCodec({
                        await $0.importPicture(bytes)
                    })
                else {
                    Issue.record("\(code): no failure")
                    continue
                }
                #expect(failure.code == code)
            }
            let images = [
                Material.image(photo, imported: made.bytes),
                Material.image(photo, imported: Array("no PNG".utf8)),
                Material.image(photo), Material.image(photo, imported: made.bytes),
            ]
            let outcomes = try await pool.withCodec { await $0.protect(images) }
            let hashes = outcomes.map { outcome in
                if case .protected(let image, _) = outcome {
                    image.report.artefactSHA256
                } else {
                    ""
                }
            }
            #expect(
                hashes[0] != hashes[2] && hashes[0] == hashes[3] && !hashes[0].isEmpty
                    && !hashes[2].isEmpty
            )
            guard case .failed(let failure) = outcomes[1] else {
                Issue.record("\(outcomes[1])")
                return
            }
            #expect(failure.code == "semantic_image_unreadable")
        }
    }

    @Test(
        "It has given up privileges, memory, core dumps, the opening of files and most system calls"
    )
    func isRestricted() async throws {
        try await Material.withPool(Material.realCodec()) { pool in
            let pid = try await pid(of: pool)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            #expect(status.contains("NoNewPrivs:\t1\n"))
            let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            let lines = limits.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true)
            }
            func limit(_ name: String) -> [Substring] {
                let words = name.split(separator: " ")
                return lines.first { $0.starts(with: words) }.map {
                    Array($0.dropFirst(words.count).prefix(2))
                } ?? []
            }
            #expect(limit("Max open files") == ["0", "0"])
            #expect(limit("Max core file size") == ["0", "0"])
            // Sanitizers need more address space than any limit could allow.
            guard !plm_is_sanitized() else { return }
            #expect(status.contains("Seccomp:\t2\n"))
            #expect(limit("Max address space") == ["9394967296", "9394967296"])
        }
    }

    @Test("Killed in the middle of an image, it costs that image one crash and is there again")
    func survivesKill() async throws {
        let photo = try photo()
        try await Material.withPool(Material.realCodec()) { pool in
            let first = try await pid(of: pool)
            // Stopped before it reads the request, it cannot have answered when it is killed.
            #expect(kill(first, SIGSTOP) == 0)
            async let outcomes = pool.withCodec {
                await $0.protect([Material.image(photo), Material.image(photo)])
            }
            await eventually("the pictures are handed out") { pool.isWorking }
            #expect(kill(first, SIGKILL) == 0)
            let answers = try await outcomes
            guard case .crashed(let reason) = answers[0] else {
                Issue.record("\(answers)")
                return
            }
            #expect(reason.hasSuffix("(it was ended by signal 9)"))
            #expect(answers[1] == .released)
            let again = try await pool.withCodec { await $0.protect([Material.image(photo)]) }
            guard case .protected = again.first else {
                Issue.record("\(again)")
                return
            }
            #expect(try await pid(of: pool) != first)
        }
    }

    @Test(
        "As another user than its parent, which root's codec is, it is ended all the same when it takes too long"
    )
    func isEndedAsOtherUser() async throws {
        var configuration = Material.realCodec()
        configuration.wallLimit = .milliseconds(100)
        let photo = try photo()
        try await Material.withPool(configuration) { pool in
            let pid = try await pid(of: pool)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let user = CodecUser.standing == .changes ? CodecUser.nobody : geteuid()
            #expect(status.contains("\nUid:\t\(user)\t\(user)\t\(user)\t\(user)\n"), "\(status)")
            #expect(kill(pid, SIGSTOP) == 0)
            let outcomes = try await pool.withCodec { await $0.protect([Material.image(photo)]) }
            guard case .crashed(let reason) = outcomes.first else {
                Issue.record("\(outcomes)")
                return
            }
            #expect(reason.hasSuffix("(it was ended by signal 9)"))
        }
    }

    @Test("Killed while it is idle, it costs nobody anything")
    func survivesIdleKill() async throws {
        let (photo, models) = (try photo(), [try model])
        try await Material.withPool(Material.realCodec()) { pool in
            let first = try await pid(of: pool)
            #expect(kill(first, SIGKILL) == 0)
            await eventually("the death is noticed") {
                pool.states[0] != .ready(models: models, pid: first)
            }
            var outcome = CodecOutcome.released
            while outcome == .released {
                outcome = try await pool.withCodec { await $0.protect([Material.image(photo)])[0] }
            }
            guard case .protected = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("Weights that are no weights are named as the reason")
    func reportsBadWeights() async throws {
        var configuration = Material.realCodec()
        configuration.models = ModelFiles(file: #filePath)
        configuration.maxStartFailures = 1
        try await Material.withPool(configuration) { pool in
            do {
                try await pool.withCodec { _ in }
                Issue.record("it is ready")
            } catch let error as CodecsUnavailable {
                #expect(error.reason.hasPrefix("weights_"))
                #expect(error.reason.hasSuffix("(it exited with status 1)"))
            }
        }
    }

    private var model: LoadedModel {
        get throws {
            LoadedModel(
                name: Material.name("random-weights"),
                method: .deepHiding,
                sha256: SHA256.hash(
                    Array(try Data(contentsOf: URL(filePath: Material.weightsFile)))
                ),
                statement: WeightsStatement(
                    licence: "CC0-1.0, random numbers",
                    protection: JSONObject(Array("{}".utf8))
                )
            )
        }
    }
}
