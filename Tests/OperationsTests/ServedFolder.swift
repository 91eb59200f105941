import BlobStorage
import Cryptography
import FoundationEssentials
import JobModel
import LocalBlobs
import Logging
import POSIX
import Queue
import SQLiteStore
import StoreHarness

@testable import Operations

/// A data folder that is open all the time, as a server's is, with the jobs of one key; removed
/// afterwards.
final class ServedFolder: Sendable {
    let folder: String
    let store: any Store
    let blobs: LocalBlobs
    let disk = BlockingExecutor.forDataFolder()
    let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
    private let tenant: APIKeyID

    init() async throws {
        let temporary = FileManager.default.temporaryDirectory
        folder = temporary.appending(path: "palimpsest-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try SQLiteStore(
            path: folder + "/palimpsest.sqlite",
            generatorVersion: 2,
            now: { 1_700_000_000_000 }
        )
        blobs = try LocalBlobs(root: folder)
        let secret = try APIKeySecret.generate()
        tenant = try await store.createKey(
            name: "tests",
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        ).id
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    struct Missing: Error {
        let what: String
    }

    /// Makes a job of one image of class `a`.
    func submit(_ bytes: [UInt8]) async throws -> JobIdentifier {
        let blob = try blobs.put(bytes)
        let image = NewImage(
            label: try ClassLabel("a"),
            name: OutputName(numbered: 1),
            content: .stored(StoredBlob(sha256: blob.sha256, size: blob.size)),
            pixels: 1
        )
        let new = NewJob(tenant: tenant, settings: .standard, retention: .seconds(3600))
        guard case .created(let job) = try await store.createJob(new, images: [image]) else {
            throw Missing(what: "job")
        }
        return job.id
    }

    /// Does what workers would with everything that is queued.
    func work() async throws {
        guard let owner = WorkerOwner(instance: "tests", run: "one", worker: 0) else {
            throw Missing(what: "owner")
        }
        while true {
            let claims = try await store.claim(owner: owner, lease: .seconds(60))
            if claims.isEmpty { return }
            for claim in claims {
                let blob = try blobs.put(try blobs.read(claim.inputSHA256) + [0])
                let outcome = ImageOutcome.done(
                    output: StoredBlob(sha256: blob.sha256, size: blob.size),
                    crc32: 0,
                    report: Self.report(of: claim, as: blob.sha256)
                )
                _ = try await store.finish(claim, outcome)
            }
        }
    }

    private static func report(
        of claim: ClaimedImage,
        as output: SHA256Digest
    ) -> ProtectionReport {
        ProtectionReport(
            width: 1,
            height: 1,
            mode: .classWise,
            strength: 8,
            clip: true,
            bound: 8,
            maxAbsoluteDifference: 8,
            psnr: 33,
            ssim: 0.9,
            label: claim.label,
            artefactSHA256: "s",
            modelSHA256: "m",
            inputSHA256: claim.inputSHA256.hex,
            outputSHA256: output.hex,
            inputFormat: "jpeg",
            luminanceOnly: false,
            workingWidth: 1,
            workingHeight: 1
        )
    }

    /// Erases a job with its files.
    func erase(_ job: JobIdentifier) async throws {
        guard let images = try await store.deleteJob(job, tenant: tenant) else {
            throw Missing(what: "\(job)")
        }
        let files = Set(images.compactMap(\.input)).union(images.flatMap(\.outputs))
        try await store.withUnreferenced(among: Array(files)) { [blobs] free in
            for sha256 in free { _ = try? blobs.remove(sha256) }
        }
    }
}
