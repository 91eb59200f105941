import CodecHarness
import CodecProtocol
import Cryptography
import Foundation
import Glibc
import JobModel
import POSIX
import Testing

@testable import CodecHost

@Suite("Codec processes that misbehave", .timeLimit(.minutes(10)))
struct CodecProcessTests {
    private func outcomes(
        _ behaviour: String,
        _ images: [CodecImage] = [Material.image()],
        _ change: (inout CodecConfiguration) -> Void = { _ in }
    ) async throws -> [CodecOutcome] {
        var configuration = Material.fakeCodec(behaviour)
        change(&configuration)
        return try await Material.withPool(configuration) { pool in
            try await pool.withCodec { await $0.protect(images) }
        }
    }

    private func crash(_ outcome: CodecOutcome?) -> String? {
        if case .crashed(let reason) = outcome { reason } else { nil }
    }

    @Test("An honest one is believed")
    func believesHonest() async throws {
        let outcomes = try await outcomes("honest", [Material.image([1]), Material.image([2])])
        #expect(outcomes.count == 2)
        for outcome in outcomes {
            guard case .protected(let image, let sha256) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(
                image.file.starts(with: [0x89, 0x50]) && sha256.hex == image.report.outputSHA256
            )
        }
    }

    @Test(
        "Breaking the protocol or lying is a crash of the image",
        arguments: [
            ("garbage", "broke the protocol: a frame does not begin with its magic"),
            ("huge", "broke the protocol: a frame announces a header of 4294967295 bytes"),
            ("half", "ended before it answered"),
            ("lies-about-hash", "false: the report's hash is not the picture's"),
            ("lies-about-bound", "false: the change is larger than its bound"),
            ("lies-about-method", "false: the report names another model"),
            ("wrong-image", "another image than the next"),
            ("makes-none", "sent an unexpected answer"),
        ]
    )
    func punishesLies(behaviour: String, clause: String) async throws {
        let reason = try #require(crash(try await outcomes(behaviour).first))
        #expect(reason.contains(clause))
    }

    @Test(
        "Work that is taken back ends its process, costs the picture nothing, and the next process serves at once"
    )
    func takesBack() async throws {
        var configuration = Material.fakeCodec("hangs-on-tar")
        // There is no pause after an end that was wanted.
        configuration.firstDelay = .seconds(3600)
        configuration.maxDelay = .seconds(3600)
        try await Material.withPool(configuration) { pool in
            for _ in 0..<3 {
                let task = Task {
                    try await pool.withCodec {
                        await $0.protect([
                            Material.image(Array("a".utf8)), Material.image(Array("tar".utf8)),
                        ])
                    }
                }
                await eventually("it is at work") { pool.isWorking }
                task.cancel()
                let outcomes = try await task.value
                #expect(outcomes.count == 2 && outcomes.last == .released)
                let next = try await pool.withCodec { await $0.protect([Material.image()]) }
                guard case .protected = next.first else {
                    Issue.record("\(next)")
                    return
                }
            }
        }
    }

    @Test("A task that is cancelled before it hands anything out ends no process")
    func takesBackBeforehand() async throws {
        try await Material.withPool(Material.fakeCodec("honest")) { pool in
            let state = try await pool.withCodec { codec in
                let before = pool.states
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await codec.protect([Material.image()])
                }
                #expect(await task.value == [.released])
                return before
            }
            guard
                case .protected = try await pool.withCodec({ await $0.protect([Material.image()]) })
                    .first
            else {
                Issue.record("it does not serve")
                return
            }
            #expect(pool.states == state)
        }
    }

    @Test("A process that hangs is killed at the deadline")
    func killsHanging() async throws {
        let outcomes = try await outcomes("hang") { $0.wallLimit = .milliseconds(200) }
        #expect(crash(outcomes.first) == "it took longer than 0.2 s (it was ended by signal 9)")
    }

    @Test(
        "A process that burns time is killed by its processor time, long before the clock's limit"
    )
    func killsBurning() async throws {
        let outcomes = try await outcomes("burn") { $0.cpuLimit = .milliseconds(300) }
        #expect(
            crash(outcomes.first)
                == "it used more than 0.3 s of processor time (it was ended by signal 9)"
        )
    }

    private func importPicture(
        _ behaviour: String,
        _ change: (inout CodecConfiguration) -> Void = { _ in }
    ) async throws -> ImportOutcome {
        var configuration = Material.fakeCodec(behaviour)
        change(&configuration)
        return try await Material.withPool(configuration) { pool in
            try await pool.withCodec { await $0.importPicture([1, 2, 3]) }
        }
    }

    @Test("A semantic image is taken from an honest one, and so is its word that there can be none")
    func takesSemanticImage() async throws {
        guard case .made(let made) = try await importPicture("honest") else {
            Issue.record("none was made")
            return
        }
        #expect(PNGHeader(made.bytes).map { [$0.width, $0.height] } == [2, 1])
        #expect(made.sha256 == SHA256.hash(made.bytes))
        let failure = ImageFailure(code: "image_corrupt", detail: "It has 3 bytes.")
        #expect(try await importPicture("refuses") == .failed(failure))
    }

    @Test(
        "One that is asked for a semantic image and lies, dies or hangs has crashed",
        arguments: [
            (
                "makes-none",
                "its answer is false: the picture is not a PNG (it was ended by signal 9)"
            ),
            ("wrong-image", "it sent an unexpected answer (it was ended by signal 9)"),
            ("protects-instead", "it sent an unexpected answer (it was ended by signal 9)"),
            ("dies", "it ended before it answered (it was ended by signal 11)"),
            ("hang", "it took longer than 0.2 s (it was ended by signal 9)"),
        ]
    )
    func punishesSemanticImage(behaviour: String, reason: String) async throws {
        let outcome = try await importPicture(behaviour) {
            if behaviour == "hang" { $0.wallLimit = .milliseconds(200) }
        }
        #expect(outcome == .crashed(reason: reason))
    }

    private func preview(
        _ behaviour: String,
        _ bytes: [UInt8] = [1, 2, 3]
    ) async throws -> PicturePreview {
        try await Material.withPool(Material.fakeCodec(behaviour)) { pool in
            try await pool.previewPicture { Material.image(bytes) }
        }
    }

    @Test("A preview is an honest one's picture, or its word that there can be none")
    func previews() async throws {
        guard case .made(let made) = try await preview("honest") else {
            Issue.record("none was made")
            return
        }
        #expect(SHA256.hash(made.file).hex == made.report.outputSHA256)
        #expect(made.report.inputSHA256 == SHA256.hash([1, 2, 3]).hex)
        guard case .failed(let failure) = try await preview("inspect") else {
            Issue.record("a refusal was not passed on")
            return
        }
        #expect(failure.code == "facts")
    }

    @Test("A picture whose preview ends two processes fails, and the next one is made")
    func previewsAfterCrashes() async throws {
        try await Material.withPool(Material.fakeCodec("dies-on-poison")) { pool in
            let outcome = try await pool.previewPicture { Material.image(Array("poison".utf8)) }
            guard case .failed(let failure) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(failure.code == "image_quarantined")
            #expect(failure.detail.contains("ended before it answered"))
            #expect(pool.restartCount == 2)
            guard case .made = try await pool.previewPicture(reading: { Material.image([7]) })
            else {
                Issue.record("the pool does not go on")
                return
            }
        }
    }

    @Test("A client that leaves its preview does not end the process")
    func previewOutlivesItsClient() async throws {
        try await Material.withPool(Material.fakeCodec("honest")) { pool in
            let task = Task { try await pool.previewPicture { Material.image([7]) } }
            task.cancel()
            _ = try? await task.value
            _ = try await pool.previewPicture { Material.image([8]) }
            #expect(pool.restartCount == 0)
        }
    }

    @Test("A picture that is to become a semantic image is given back when the pool stops")
    func stopReleasesSemanticImage() async throws {
        let pool = try CodecPool(
            count: 1,
            configuration: Material.fakeCodec("hang"),
            logger: Material.logger
        )
        async let outcome = pool.withCodec { await $0.importPicture([1]) }
        await eventually("the picture is handed out") { pool.isWorking }
        await pool.stop()
        #expect(try await outcome == .released)
    }

    @Test("In a batch only the first image without an answer is blamed")
    func blamesFirstUnanswered() async throws {
        let images = ["a", "b", "poison", "c", "d"].map { Material.image(Array($0.utf8)) }
        let outcomes = try await outcomes("dies-on-poison", images)
        #expect(outcomes.count == 5)
        for outcome in outcomes.prefix(2) {
            guard case .protected = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(crash(outcomes[2]) == "it ended before it answered (it was ended by signal 11)")
        #expect(outcomes[3...] == [.released, .released])
    }

    @Test("A new process takes the place of one that died, with another number")
    func restarts() async throws {
        try await Material.withPool(Material.fakeCodec("dies-on-poison")) { pool in
            for _ in 0..<3 {
                let bad = try await pool.withCodec {
                    await $0.protect([Material.image(Array("poison".utf8))])
                }
                #expect(crash(bad.first) != nil)
                let good = try await pool.withCodec { await $0.protect([Material.image()]) }
                guard case .protected = good.first else {
                    Issue.record("\(good)")
                    return
                }
            }
        }
    }

    @Test(
        "One that cannot start says why",
        arguments: [
            ("unready", "weights_malformed: the file is no good (it exited with status 3)"),
            ("silent-death", "it ended before it answered (it exited with status 7)"),
            ("loads-others", "it loaded other models than it was given (it exited with status 0)"),
            (
                "greets-too-long",
                "it broke the protocol: a frame announces a body of 262145 bytes (it exited with status 0)"
            ),
        ]
    )
    func reportsBadStart(behaviour: String, reason: String) async throws {
        try await Material.withPool(Material.fakeCodec(behaviour), count: 2) { pool in
            await eventually("a fault is reported") { pool.readiness.lastFault == reason }
            #expect(!pool.readiness.isReady)
        }
        var configuration = Material.fakeCodec(behaviour)
        configuration.maxStartFailures = 2
        try await Material.withPool(configuration) { pool in
            await #expect(throws: CodecsUnavailable(reason: reason)) {
                try await pool.withCodec { _ in }
            }
        }
    }

    @Test("Weights that cannot be used end the waiting at the first word, without a second try")
    func endsAtRefusal() async throws {
        // No number of failures is set, so that nothing else than the refusal ends the waiting.
        var configuration = Material.fakeCodec("unready")
        configuration.maxDelay = .seconds(3600)
        let reason = "weights_malformed: the file is no good (it exited with status 3)"
        try await Material.withPool(configuration) { pool in
            await #expect(throws: CodecsUnavailable(reason: reason)) {
                try await pool.withCodec { _ in }
            }
            #expect(pool.readiness.refusal == reason)
            #expect(pool.states == [.refusing(reason: reason)])
        }
        try await Material.withPool(Material.fakeCodec("silent-death")) { pool in
            await eventually("a fault is reported") { pool.readiness.lastFault != nil }
            #expect(pool.readiness.refusal == nil)
        }
    }

    @Test("One that does not get ready in time is ended")
    func limitsStart() async throws {
        var configuration = Material.fakeCodec("never-ready")
        configuration.startLimit = .milliseconds(200)
        try await Material.withPool(configuration) { pool in
            await eventually("the limit is met") {
                pool.readiness.lastFault?.hasPrefix("it took longer than 0.2 s") == true
            }
        }
    }

    @Test("A program that is not there is a fault, not a hang")
    func reportsMissingProgram() async throws {
        var configuration = Material.fakeCodec("honest")
        configuration.executable = "/nonexistent/palimpsest"
        configuration.maxStartFailures = 1
        try await Material.withPool(configuration) { pool in
            await #expect(throws: CodecsUnavailable.self) { try await pool.withCodec { _ in } }
            #expect(pool.readiness.lastFault?.contains("No such file") == true)
        }
        #expect(throws: SystemError(call: "open", code: ENOENT)) {
            var configuration = Material.fakeCodec("honest")
            configuration.models = ModelFiles(file: "/nonexistent/weights")
            _ = try CodecPool(count: 1, configuration: configuration, logger: Material.logger)
        }
    }

    @Test("Stopping gives back what is under way, and ends hanging processes")
    func stopReleases() async throws {
        let pool = try CodecPool(
            count: 1,
            configuration: Material.fakeCodec("hang"),
            logger: Material.logger
        )
        async let outcomes = pool.withCodec {
            await $0.protect([Material.image(), Material.image()])
        }
        await eventually("the pictures are handed out") { pool.isWorking }
        await pool.stop()
        #expect(try await outcomes == [.released, .released])
        #expect(pool.states == [.stopped])
        await #expect(throws: CancellationError.self) { try await pool.withCodec { _ in } }
    }

    @Test("A waiting task can be cancelled")
    func waitingIsCancelled() async throws {
        try await Material.withPool(Material.fakeCodec("honest")) { pool in
            try await pool.withCodec { _ in
                let waiting = Task { try await pool.withCodec { _ in } }
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            // The process is not lost to the task that went away.
            try await pool.withCodec { _ in }
        }
    }

    @Test(
        "A child has four descriptors, a group of its own, and nothing of our environment but what the loader needs"
    )
    func childHasNothing() async throws {
        let open = try FileHandle(forReadingFrom: Material.photo)
        defer { try? open.close() }
        var configuration = Material.fakeCodec("inspect")
        configuration.memoryBytes = 1 << 40
        let outcome = try await Material.withPool(configuration) { pool in
            try await pool.withCodec { await $0.protect([Material.image()]) }.first
        }
        guard case .failed(let failure) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        let facts = try #require(
            try JSONSerialization.jsonObject(with: Data(failure.detail.utf8)) as? [String: Any]
        )
        #expect(facts["descriptors"] as? [Int] == [0, 1, 2, 3])
        #expect(facts["own_group"] as? Bool == true)
        #expect(facts["null"] as? String == "/dev/null")
        let weights = try String(contentsOfFile: configuration.models.path, encoding: .utf8)
        #expect((facts["weights"] as? String).map { !$0.isEmpty && weights.hasPrefix($0) } == true)
        let numbers = [
            "--memory", "1099511627776", "--max-pixels", "50000000", "--model", "Material.swift",
        ]
        #expect(facts["arguments"] as? [String] == ["--parent", "\(getpid())"] + numbers)
        // LC_CTYPE is Python's own doing.
        let names = Set(facts["environment"] as? [String] ?? ["?"])
        #expect(
            names.isSubset(of: [
                "LC_CTYPE", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
            ])
        )
    }
}
