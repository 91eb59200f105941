import BlobStorage
import CodecHarness
import CodecHost
import Cryptography
import JobModel
import LocalBlobs
import Queue
import SQLiteStore
import StoreHarness
import Testing

@testable import JobRunner

/// A storage that does not answer for a while: images wait, and none pays.
@Suite("A storage that is away", .timeLimit(.minutes(10)))
struct AwayStorageTests {
    private func withLoop(
        images count: Int = 1,
        over makeAway: (AwayBlobs) -> Void,
        _ body: (AwayBlobs, (Int) async throws -> JobImage) async throws -> Void
    ) async throws {
        try await Material.withFolder { folder in
            let store: any Store = try SQLiteStore(
                path: folder + "/palimpsest.sqlite",
                generatorVersion: 2
            )
            let local = try LocalBlobs(root: folder + "/files")
            let blobs = AwayBlobs(over: local)
            let secret = try APIKeySecret.generate()
            let tenant = try await store.createKey(
                name: "test",
                scopes: [.submit, .read],
                hash: secret.hash,
                prefix: secret.prefix
            ).id
            let input = try local.put([1])
            let images = (1...count).map { number in
                NewImage(
                    label: Material.label,
                    name: OutputName(numbered: number),
                    content: .stored(StoredBlob(sha256: input.sha256, size: input.size)),
                    pixels: 1
                )
            }
            let new = NewJob(tenant: tenant, settings: .standard, retention: .seconds(3600))
            guard case .created(let job) = try await store.createJob(new, images: images) else {
                throw CancellationError()
            }
            var configuration = WorkerLoop.Configuration(instance: "here", run: "run")
            configuration.diskPause = .milliseconds(5)
            let loop = WorkerLoop(
                configuration: configuration,
                store: store,
                blobs: blobs,
                ledger: BlobLedger(blobs: blobs),
                codecs: try CodecPool(
                    count: 1,
                    configuration: Material.fakeCodec("honest"),
                    logger: Material.logger
                ),
                logger: Material.logger
            )
            makeAway(blobs)
            let running = Task { await loop.run() }
            defer { running.cancel() }
            try await body(blobs) { try #require(try await store.image(job: job.id, number: $0)) }
            running.cancel()
            await running.value
            try store.close()
        }
    }

    @Test("An image that cannot be read is given back as often as necessary")
    func reads() async throws {
        try await withLoop(over: { $0.setAway(true) }) { blobs, image in
            // Five errors would end it.
            try await eventually("it was given back many times") { try await image(1).attempt > 7 }
            #expect(try await !image(1).state.isTerminal)
            blobs.setAway(false)
            try await eventually("the image has ended") { try await image(1).state.isTerminal }
            #expect(try await image(1).state == .done)
        }
    }

    @Test("A result that cannot be written is kept until it can")
    func writes() async throws {
        try await withLoop(over: { $0.goAwayAfterRead() }) { blobs, image in
            await eventually("several attempts to write have failed") { blobs.failed >= 5 }
            #expect(try await image(1).state == .running)
            blobs.setAway(false)
            try await eventually("the image has ended") { try await image(1).state.isTerminal }
            let ended = try await image(1)
            #expect(ended.state == .done && ended.attempt == 1)
        }
    }

    @Test("Of results that are written together, one that cannot be holds up no other")
    func partly() async throws {
        try await withLoop(images: 6, over: { $0.refuseSpools([2, 4]) }) { blobs, image in
            for number in 1...6 {
                try await eventually("the image has ended") {
                    try await image(number).state.isTerminal
                }
                let ended = try await image(number)
                #expect(ended.state == .done && ended.attempt == 1)
            }
            #expect(blobs.failed == 2)
        }
    }
}
