import Cryptography
import Foundation
import JobModel
import Migrations
import Synchronization
import Testing

@testable import JobStore

/// A folder for databases, and a clock that goes only when told; removed with its last reference.
final class TestStore: Sendable {
    let folder: String
    let clock = TestClock()

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/job-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var path: String { folder + "/palimpsest.sqlite" }

    /// Opens the database; called again, it stands for the next run after a kill, for the one before is never closed.
    func open(migrations: [Migration] = Migrations.all, generatorVersion: Int = 1) throws -> JobStore {
        let clock = clock
        let machine = MachineClock { clock.now }
        return try JobStore(path: path, generatorVersion: generatorVersion, migrations: migrations, machine: machine)
    }
}

/// Milliseconds that pass only when told.
final class TestClock: Sendable {
    private let time = Atomic<Int64>(1_700_000_000_000)

    var now: Int64 { time.load(ordering: .sequentiallyConsistent) }

    func advance(by duration: Duration) {
        time.wrappingAdd(duration.milliseconds, ordering: .sequentiallyConsistent)
    }
}

extension TestStore {
    /// The queue that the tests of conformance are about, over what the last one left; a second implementation is held to the same
    /// tests by being opened here.
    func queue() throws -> any JobQueue { try open() }
}

/// The requirements with what most calls give them.
extension JobQueue {
    func claim(owner: WorkerOwner, limit: Int = JobStore.maxClaimedImages) async throws -> [ClaimedImage] {
        try await claim(owner: owner, lease: .seconds(60), limit: limit)
    }

    func heartbeat(claims: [ClaimedImage]) async throws -> [Bool] {
        try await heartbeat(claims: claims, lease: .seconds(60))
    }

    @discardableResult
    func finish(_ claim: ClaimedImage, _ outcome: ImageOutcome) async throws -> Bool {
        try await finish([(claim, outcome)]) == [true]
    }

    @discardableResult
    func reclaim(previousRunsOf instance: String) async throws -> Int {
        try await reclaim(previousRunsOf: instance, currentRun: nil)
    }

    func jobs(tenant: APIKeyID, cursor: String? = nil) async throws -> JobPage {
        try await jobs(tenant: tenant, cursor: cursor, limit: 100)
    }

    func images(
        job: JobIdentifier,
        states: Set<ImageState> = Set(ImageState.allCases),
        after number: Int = 0
    ) async throws -> [JobImage] {
        try await images(job: job, states: states, after: number, limit: 100)
    }

    @discardableResult
    func rescueExpired() async throws -> Int {
        try await rescueExpired(sparing: [], lease: .seconds(60))
    }

    @discardableResult
    func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas = APIKeyQuotas(),
        hash: SHA256Digest,
        prefix: String
    ) async throws -> APIKey {
        try await createKey(name: name, scopes: scopes, quotas: quotas, expiresAt: nil, hash: hash, prefix: prefix)
    }

    func expireJobs(imageLimit: Int = 500, sparing kept: Set<JobIdentifier> = []) async throws -> JobExpiry {
        try await expireJobs(imageLimit: imageLimit, sparing: kept)
    }
}

extension JobQueue {
    /// A new tenant.
    func tenant(_ name: String = "test") async throws -> APIKeyID {
        let secret = try APIKeySecret.generate()
        return try await createKey(
            name: name,
            scopes: [.submit, .read],
            quotas: APIKeyQuotas(),
            expiresAt: nil,
            hash: secret.hash,
            prefix: secret.prefix
        ).id
    }

    /// A new job with one image of each size in bytes, of class `cats`; four bytes are a pixel.
    @discardableResult
    func job(
        _ tenant: APIKeyID,
        sizes: [UInt64],
        label: String = "cats",
        priority: JobPriority = .normal,
        retention: Duration = .seconds(3600),
        idempotency: NewJob.Idempotency? = nil
    ) async throws -> Job {
        let images = try sizes.enumerated().map { index, size in
            NewImage(
                label: try ClassLabel(label),
                name: OutputName(numbered: index + 1),
                content: .stored(StoredBlob(sha256: blob("\(tenant) \(label) \(index) \(size)"), size: size)),
                pixels: max(Int(size) / 4, 1)
            )
        }
        let new = NewJob(
            tenant: tenant,
            settings: .standard,
            priority: priority,
            retention: retention,
            idempotency: idempotency
        )
        guard case .created(let job) = try await createJob(new, images: images) else {
            throw JobStoreError.corrupt("the job was not made")
        }
        return job
    }
}

/// A hash that stands for a file.
func blob(_ name: String) -> SHA256Digest {
    SHA256.hash(Array(name.utf8))
}

func worker(_ number: Int = 0, run: String = "run1", instance: String = "host") throws -> WorkerOwner {
    try #require(WorkerOwner(instance: instance, run: run, worker: number))
}

/// What the worker says of an image that it protected.
func done(_ claim: ClaimedImage) -> ImageOutcome {
    let output = blob("output of \(claim.jobID) \(claim.number)")
    return .done(
        output: StoredBlob(sha256: output, size: 1000),
        crc32: 0xdead_beef,
        report: ProtectionReport(
            width: 64,
            height: 48,
            mode: claim.settings.mode,
            strength: 8,
            clip: true,
            bound: 8,
            maxAbsoluteDifference: 8,
            psnr: 33.25,
            ssim: 0.875,
            label: claim.label,
            artefactSHA256: "dd",
            modelSHA256: "bb",
            inputSHA256: claim.inputSHA256.hex,
            outputSHA256: output.hex,
            inputFormat: "png",
            luminanceOnly: false,
            workingWidth: 64,
            workingHeight: 48
        )
    )
}

let broken = ImageFailure(code: "image_corrupt", detail: "The picture is broken.")
let ioFault = ImageFailure(code: "input_unreadable", detail: "The file could not be read.")
