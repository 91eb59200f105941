import BlobStorage
import CodecHarness
import Cryptography
import Foundation
import Glibc
import JobModel
import LocalBlobs
import Queue
import SQLiteStore
import StoreHarness
import Synchronization
import Testing

@testable import CodecHost
@testable import JobRunner

@Suite("The worker loop", .timeLimit(.minutes(10)))
struct WorkerLoopTests {
    /// A store, its blobs, and somebody whose images are in them.
    private struct House {
        let store: any Store
        let blobs: LocalBlobs
        let tenant: APIKeyID

        init(
            _ folder: String,
            now: @escaping @Sendable () -> Int64 = MachineClock.system.wall
        ) async throws {
            store = try SQLiteStore(
                path: folder + "/palimpsest.sqlite",
                generatorVersion: 2,
                now: now
            )
            blobs = try LocalBlobs(root: folder + "/files")
            let secret = try APIKeySecret.generate()
            tenant = try await store.createKey(
                name: "test",
                scopes: [.submit, .read],
                hash: secret.hash,
                prefix: secret.prefix
            ).id
        }

        /// A job of files.
        func submit(_ files: [[UInt8]]) async throws -> JobIdentifier {
            let images = try files.enumerated().map { index, file in
                let blob = try blobs.put(file)
                return NewImage(
                    label: Material.label,
                    name: OutputName(numbered: index + 1),
                    content: .stored(StoredBlob(sha256: blob.sha256, size: blob.size)),
                    pixels: 1
                )
            }
            let new = NewJob(tenant: tenant, settings: .standard, retention: .seconds(3600))
            guard case .created(let job) = try await store.createJob(new, images: images) else {
                throw CancellationError()
            }
            return job.id
        }

        func job(_ id: JobIdentifier) async throws -> Job {
            try #require(try await store.job(id, tenant: tenant))
        }

        func image(_ id: JobIdentifier, _ number: Int) async throws -> JobImage {
            try #require(try await store.image(job: id, number: number))
        }

        func loop(
            _ codecs: CodecPool,
            run: String = "run",
            lease: Duration = .seconds(60),
            leaseObserver: @escaping LeaseEvent.Observer = { _ in }
        ) -> WorkerLoop {
            var configuration = WorkerLoop.Configuration(instance: "here", run: run)
            configuration.lease = lease
            return WorkerLoop(
                configuration: configuration,
                store: store,
                blobs: blobs,
                ledger: BlobLedger(blobs: blobs),
                codecs: codecs,
                logger: Material.logger,
                leaseObserver: leaseObserver
            )
        }

        /// Runs the loop while something else goes on, then drains it.
        func working(
            _ configuration: CodecConfiguration,
            count: Int = 1,
            lease: Duration = .seconds(60),
            _ body: () async throws -> Void
        ) async throws {
            let pool = try CodecPool(
                count: count,
                configuration: configuration,
                logger: Material.logger
            )
            let loop = loop(pool, lease: lease)
            let running = Task { await loop.run() }
            do {
                try await body()
            } catch {
                running.cancel()
                await running.value
                throw error
            }
            running.cancel()
            await running.value
        }
    }

    /// Milliseconds since 1970 that pass only when told.
    private final class Clock: Sendable {
        let time = Atomic<Int64>(1_700_000_000_000)
    }

    private func withHouse(_ body: (House) async throws -> Void) async throws {
        try await Material.withFolder { folder in
            let house = try await House(folder)
            try await body(house)
            try house.store.close()
        }
    }

    @Test(
        "A job of photos and a broken file ends with the photos done and the broken one's own error"
    )
    func finishesJob() async throws {
        let photo = Array(try Data(contentsOf: Material.photo))
        try await withHouse { house in
            try await house.working(Material.realCodec(), count: 2) {
                let id = try await house.submit([photo, Array(photo.prefix(2000)), photo])
                try await eventually("the job is done") { try await house.job(id).state == .done }
                let counts = try await house.job(id).counts
                #expect(counts == JobCounts(done: 2, failed: 1))
                let failure = try #require(try await house.image(id, 2).failure)
                #expect(failure.code == "image_truncated")
                let done = try await house.image(id, 1)
                let output = try #require(done.output)
                let png = try house.blobs.read(output.sha256)
                #expect(
                    UInt64(png.count) == output.size
                        && done.report?.outputSHA256 == output.sha256.hex
                )
                // The same photo, class and settings: the same file.
                #expect(try await house.image(id, 3).output == output)
                // CRC-32 of the PNG as zlib has it, by another way than the product's.
                #expect(done.outputCRC32 == crc32(png))
            }
        }
    }

    /// Has pictures imported for the tests' class.
    private func importPictures(_ pictures: [[UInt8]], into house: House) async throws {
        let blobs = try pictures.map { picture in
            let blob = try house.blobs.put(picture)
            return StoredBlob(sha256: blob.sha256, size: blob.size)
        }
        let imported = [ImportedClass(label: Material.label, pictures: blobs)]
        _ = try await house.store.importSemanticImages(imported, tenant: house.tenant)
    }

    @Test(
        "What was imported for a class is hidden in its photos, but not in those of a job that waited already"
    )
    func hidesImported() async throws {
        let photo = Array(try Data(contentsOf: Material.photo))
        let picture = Array(
            try Data(contentsOf: Material.root.appending(path: "Tests/e2e/fixtures/hats.png"))
        )
        try await withHouse { house in
            let first = try await house.submit([photo])
            try await house.working(Material.realCodec()) {
                try await eventually("the job is done") {
                    try await house.job(first).state == .done
                }
            }
            let waiting = try await house.submit([photo])
            try await importPictures([picture], into: house)
            let second = try await house.submit([photo])
            try await house.working(Material.realCodec()) {
                for job in [waiting, second] {
                    try await eventually("the job is done") {
                        try await house.job(job).state == .done
                    }
                }
            }
            let (before, after) = (
                try await house.image(first, 1).report, try await house.image(second, 1).report
            )
            #expect(before?.outputSHA256 != nil)
            #expect(try await house.image(waiting, 1).report?.outputSHA256 == before?.outputSHA256)
            #expect(before?.artefactSHA256 != after?.artefactSHA256)
            #expect(before?.outputSHA256 != after?.outputSHA256)
        }
    }

    @Test("An image whose imported semantic image is gone from the disk waits for it, and says so")
    func retriesMissingSemanticImages() async throws {
        try await withHouse { house in
            try await importPictures([[7, 7]], into: house)
            let id = try await house.submit([[1]])
            try house.blobs.remove(SHA256.hash([7, 7]))
            try await house.working(Material.fakeCodec("honest")) {
                try await eventually("it was tried") { try await house.image(id, 1).attempt >= 1 }
                try await eventually("it is given back") {
                    try await house.image(id, 1).state == .queued
                }
                _ = try house.blobs.put([7, 7])
                try await eventually("the job is done") { try await house.job(id).state == .done }
            }
        }
    }

    @Test("An image that ends its process twice is set aside, and the others of its batch are done")
    func quarantines() async throws {
        try await withHouse { house in
            try await house.working(Material.fakeCodec("dies-on-poison")) {
                let id = try await house.submit(
                    ["a", "b", "poison", "c", "d"].map { Array($0.utf8) }
                )
                try await eventually("the job is done") { try await house.job(id).state == .done }
                #expect(try await house.job(id).counts == JobCounts(done: 4, quarantined: 1))
                let image = try await house.image(id, 3)
                #expect(
                    image.state == .quarantined && image.failure == .quarantined
                        && image.output == nil
                )
            }
        }
    }

    @Test("A codec that lies about a hash gets nothing into the store")
    func refusesLies() async throws {
        try await withHouse { house in
            try await house.working(Material.fakeCodec("lies-about-hash")) {
                let id = try await house.submit([[1, 2, 3]])
                try await eventually("the job has ended") {
                    try await house.job(id).state.isTerminal
                }
                #expect(try await house.job(id).counts == JobCounts(quarantined: 1))
                #expect(try house.blobs.list() == [SHA256.hash([1, 2, 3])])
            }
        }
    }

    @Test(
        "A drain gives back what does not finish within the grace, uncounted, and another run finishes it"
    )
    func drains() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1], [2]])
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("hang"),
                logger: Material.logger
            )
            let loop = house.loop(pool)
            let running = Task { await loop.run(grace: .milliseconds(1)) }
            await eventually("the images are handed out") { pool.isWorking }
            #expect(try await house.job(id).counts == JobCounts(running: 2))
            running.cancel()
            await running.value
            #expect(try await house.job(id).counts == JobCounts(queued: 2))
            try await house.working(Material.fakeCodec("honest")) {
                try await eventually("the job is done") {
                    try await house.job(id).counts == JobCounts(done: 2)
                }
            }
        }
    }

    @Test("A cancelled or erased job frees its codec at once, and no image pays for that")
    func cancels() async throws {
        try await withHouse { house in
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("hangs-on-tar"),
                logger: Material.logger
            )
            var configuration = WorkerLoop.Configuration(instance: "here", run: "run")
            // No heartbeat comes to help.
            configuration.lease = .seconds(7200)
            configuration.heartbeat = .seconds(3600)
            let loop = WorkerLoop(
                configuration: configuration,
                store: house.store,
                blobs: house.blobs,
                ledger: BlobLedger(blobs: house.blobs),
                codecs: pool,
                logger: Material.logger
            )
            let running = Task { await loop.run() }
            for erases in [false, true] {
                let stuck = try await house.submit(["tar 1", "tar 2"].map { Array($0.utf8) })
                await eventually("the images are handed out") { pool.isWorking }
                let next = try await house.submit([Array("next \(erases)".utf8)])
                #expect(try await house.image(next, 1).state == .queued)
                if erases {
                    #expect(try await house.store.deleteJob(stuck, tenant: house.tenant) != nil)
                } else {
                    #expect(
                        try await house.store.cancelJob(stuck, tenant: house.tenant)?.state
                            == .cancelled
                    )
                }
                try await eventually("the next job is done") {
                    try await house.job(next).state == .done
                }
                #expect(try await house.image(next, 1).attempt == 1)
                if !erases { #expect(try await house.job(stuck).counts == JobCounts(cancelled: 2)) }
            }
            running.cancel()
            await running.value
        }
    }

    @Test(
        "A lease that ran out while the database could not be written costs a live worker's image nothing"
    )
    func keepsLateLeases() async throws {
        let clock = Clock()
        try await Material.withFolder { folder in
            let house = try await House(folder, now: { clock.time.load(ordering: .relaxed) })
            // Somebody who is dead has one image, and a worker of the loop, whose heart does not beat, the other.
            let (lost, kept) = (try await house.submit([[1]]), try await house.submit([[2]]))
            let dead = try #require(WorkerOwner(instance: "elsewhere", run: "run", worker: 0))
            #expect(try await house.store.claim(owner: dead).map(\.jobID) == [lost])
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("hang"),
                logger: Material.logger
            )
            var configuration = WorkerLoop.Configuration(instance: "here", run: "run")
            configuration.lease = .milliseconds(100)
            configuration.heartbeat = .seconds(3600)
            let loop = WorkerLoop(
                configuration: configuration,
                store: house.store,
                blobs: house.blobs,
                ledger: BlobLedger(blobs: house.blobs),
                codecs: pool,
                logger: Material.logger
            )
            let running = Task { await loop.run(grace: .zero) }
            await eventually("the image is handed out") { pool.isWorking }
            clock.time.add(3_600_000, ordering: .relaxed)
            try await eventually("the dead one's lease is taken back") {
                try await house.image(lost, 1).state == .queued
            }
            let image = try await house.image(kept, 1)
            #expect(image.state == .running && image.attempt == 1)
            running.cancel()
            await running.value
            try house.store.close()
        }
    }

    @Test("Leases of a run that was killed are taken back at the start of the next")
    func reclaims() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1]])
            let dead = try #require(WorkerOwner(instance: "here", run: "before", worker: 0))
            #expect(try await house.store.claim(owner: dead, lease: .seconds(3600)).count == 1)
            try await house.working(Material.fakeCodec("honest")) {
                try await eventually("the job is done") { try await house.job(id).state == .done }
            }
        }
    }

    @Test("Leases that ran out before the start are taken back at once, whoever had them")
    func rescuesAtOnce() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1]])
            let dead = try #require(WorkerOwner(instance: "elsewhere", run: "run", worker: 0))
            #expect(try await house.store.claim(owner: dead, lease: .zero).count == 1)
            try await house.working(Material.fakeCodec("honest"), lease: .seconds(7200)) {
                try await eventually("the job is done") { try await house.job(id).state == .done }
            }
        }
    }

    @Test("Looks into the queue and leases taken back are told")
    func tellsOfLeases() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1]])
            let dead = try #require(WorkerOwner(instance: "elsewhere", run: "run", worker: 0))
            #expect(try await house.store.claim(owner: dead, lease: .zero).count == 1)
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("honest"),
                logger: Material.logger
            )
            let events = Mutex<[LeaseEvent]>([])
            let loop = house.loop(pool) { event in events.withLock { $0.append(event) } }
            let running = Task { await loop.run() }
            try await eventually("the job is done") { try await house.job(id).state == .done }
            await eventually("the queue was seen empty") {
                events.withLock { $0.contains(.claimed(0)) }
            }
            running.cancel()
            await running.value
            let told = events.withLock(\.self)
            #expect(told.contains(.expired(1)) && told.contains(.claimed(1)))
            #expect(!told.contains(.lost(1)))
        }
    }

    @Test("Nothing is claimed while no codec is ready")
    func claimsNothingUnready() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1]])
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("unready"),
                logger: Material.logger
            )
            let loop = house.loop(pool)
            let running = Task { await loop.run() }
            await eventually("the codec has failed") { pool.readiness.lastFault != nil }
            #expect(try await house.job(id).counts == JobCounts(queued: 1))
            running.cancel()
            await running.value
            #expect(try await house.image(id, 1).attempt == 0)
        }
    }

    @Test("Nothing is claimed while the disk is low, and a drain ends the wait")
    func claimsNothingWithoutRoom() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1]])
            let pool = try CodecPool(
                count: 1,
                configuration: Material.fakeCodec("honest"),
                logger: Material.logger
            )
            var configuration = WorkerLoop.Configuration(instance: "here", run: "run")
            configuration.freeBytes = { 1 << 40 }
            configuration.minFreeBytes = .max
            let loop = WorkerLoop(
                configuration: configuration,
                store: house.store,
                blobs: house.blobs,
                ledger: BlobLedger(blobs: house.blobs),
                codecs: pool,
                logger: Material.logger
            )
            let running = Task { await loop.run() }
            await eventually("a codec is ready") { pool.readiness.isReady }
            running.cancel()
            await running.value
            #expect(try await house.image(id, 1).attempt == 0)
        }
    }

    @Test("The speed of the codecs is measured")
    func measures() async throws {
        let photo = Array(try Data(contentsOf: Material.photo))
        try await withHouse { house in
            let meter = ThroughputMeter()
            let pool = try CodecPool(
                count: 1,
                configuration: Material.realCodec(),
                logger: Material.logger
            )
            let loop = WorkerLoop(
                configuration: WorkerLoop.Configuration(instance: "here", run: "run"),
                store: house.store,
                blobs: house.blobs,
                ledger: BlobLedger(blobs: house.blobs),
                codecs: pool,
                throughput: meter,
                logger: Material.logger
            )
            let running = Task { await loop.run() }
            let broken = try await house.submit([Array(photo.prefix(2000))])
            try await eventually("it has failed") { try await house.job(broken).state == .failed }
            #expect(meter.pixelsPerSecond == nil, "what fails at once tells nothing")
            let id = try await house.submit([photo])
            try await eventually("it is done") { try await house.job(id).state == .done }
            #expect(try #require(meter.pixelsPerSecond) > 0)
            running.cancel()
            await running.value
        }
    }

    @Test("An image whose file is gone from the disk is tried again later, not failed")
    func retriesMissingFiles() async throws {
        try await withHouse { house in
            let id = try await house.submit([[1], [2]])
            try house.blobs.remove(SHA256.hash([1]))
            try await house.working(Material.fakeCodec("honest")) {
                try await eventually("the other is done") {
                    try await house.job(id).counts.done == 1
                }
                let image = try await house.image(id, 1)
                #expect(image.state == .queued && image.attempt >= 1 || image.state == .running)
            }
        }
    }

    /// CRC-32 bit by bit, from its definition (ISO 3309).
    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
