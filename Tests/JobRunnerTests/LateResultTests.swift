import BlobStorage
import CodecHarness
import CodecHost
import Cryptography
import Foundation
import JobModel
import LocalBlobs
import Queue
import SQLiteStore
import StoreHarness
import Testing

@testable import JobRunner

/// Results that cannot be written down for longer than any retry lasts: nothing of them is lost, and no image pays.
@Suite("Late results", .timeLimit(.minutes(10)))
struct LateResultTests {
    private func withLoop(
        _ fault: StoreError,
        attachments: AttachmentRequest = AttachmentRequest(),
        _ codec: CodecConfiguration,
        photo: [UInt8],
        _ body: (FaultyQueue, LocalBlobs, BlobLedger, () async throws -> JobImage) async throws ->
            Void
    ) async throws {
        try await Material.withFolder { folder in
            let store: any Store = try SQLiteStore(
                path: folder + "/palimpsest.sqlite",
                generatorVersion: 2
            )
            let blobs = try LocalBlobs(root: folder + "/files")
            let ledger = BlobLedger(blobs: blobs)
            let secret = try APIKeySecret.generate()
            let tenant = try await store.createKey(
                name: "test",
                scopes: [.submit, .read],
                hash: secret.hash,
                prefix: secret.prefix
            ).id
            let input = try blobs.put(photo)
            let image = NewImage(
                label: Material.label,
                name: OutputName(numbered: 1),
                content: .stored(StoredBlob(sha256: input.sha256, size: input.size)),
                pixels: 1
            )
            let new = NewJob(
                tenant: tenant,
                settings: .standard,
                attachments: attachments,
                retention: .seconds(3600)
            )
            guard case .created(let job) = try await store.createJob(new, images: [image]) else {
                throw CancellationError()
            }
            let queue = FaultyQueue(over: store, failingWith: fault)
            var configuration = WorkerLoop.Configuration(instance: "here", run: "run")
            // Long enough for a busy machine to prolong it.
            configuration.lease = .seconds(5)
            configuration.heartbeat = .milliseconds(100)
            let loop = WorkerLoop(
                configuration: configuration,
                store: queue,
                blobs: blobs,
                ledger: ledger,
                codecs: try CodecPool(count: 1, configuration: codec, logger: Material.logger),
                logger: Material.logger
            )
            let running = Task { await loop.run() }
            defer { running.cancel() }
            try await body(queue, blobs, ledger) {
                try #require(try await store.image(job: job.id, number: 1))
            }
            running.cancel()
            await running.value
            try store.close()
        }
    }

    @Test(
        "A database that is busy, or whose disk is full, for many leases costs an image nothing",
        arguments: [StoreError.busy, .disk("full")]
    )
    func waits(fault: StoreError) async throws {
        try await withLoop(fault, Material.fakeCodec("honest"), photo: [1]) { queue, _, _, image in
            // The waits between them are 100 ms, 200 ms, 400 ms and so on: longer than the lease.
            await eventually("several attempts to write have failed") { queue.refused >= 7 }
            #expect(try await image().state == .running)
            queue.heal()
            try await eventually("the image has ended") { try await image().state.isTerminal }
            let ended = try await image()
            #expect(ended.state == .done && ended.attempt == 1)
        }
    }

    @Test("The files of a result that cannot be written down yet are no orphans")
    func keepsFiles() async throws {
        let photo = Array(try Data(contentsOf: Material.photo))
        let (full, previews) = (StoreError.disk("full"), AttachmentRequest(previews: true))
        let codec = Material.realCodec()
        try await withLoop(full, attachments: previews, codec, photo: photo) {
            queue,
            blobs,
            ledger,
            image in
            await eventually("the result is filed") { queue.refused >= 1 }
            let results = Set(try blobs.list()).subtracting([SHA256.hash(photo)])
            #expect(results.count == 3, "the picture and two previews")
            for sha256 in results { ledger.remove(sha256, ifOlderThan: .seconds(-1)) }
            queue.heal()
            try await eventually("the image is done") { try await image().state == .done }
            let output = try #require(try await image().output)
            #expect(results.contains(output.sha256) && results.allSatisfy { blobs.contains($0) })
            // Rows keep them from now on; to the ledger they are like all others.
            await eventually("the files are settled") {
                for sha256 in results { ledger.remove(sha256, ifOlderThan: .seconds(-1)) }
                return !results.contains { blobs.contains($0) }
            }
        }
    }
}
