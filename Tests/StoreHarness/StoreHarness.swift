package import Cryptography
package import JobModel
package import Queue
import Synchronization

/// Milliseconds that pass only when told.
package final class TestClock: Sendable {
    private let time = Atomic<Int64>(1_700_000_000_000)

    package init() {}

    package var now: Int64 { time.load(ordering: .sequentiallyConsistent) }

    package func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        time.wrappingAdd(milliseconds, ordering: .sequentiallyConsistent)
    }
}

/// The requirements with what most calls give them.
extension Store {
    /// The claims of one codec.
    package func claim(
        owner: WorkerOwner,
        lease: Duration = .seconds(60),
        limit: Int = ClaimedImage.maxTogether
    ) async throws -> [ClaimedImage] {
        try await claim(owner: owner, lease: lease, slots: 1, limit: limit).first ?? []
    }

    package func heartbeat(claims: [ClaimedImage]) async throws -> [Bool] {
        try await heartbeat(claims: claims, lease: .seconds(60))
    }

    @discardableResult
    package func finish(_ claim: ClaimedImage, _ outcome: ImageOutcome) async throws -> Bool {
        try await finish([(claim, outcome)]) == [true]
    }

    @discardableResult
    package func reclaim(previousRunsOf instance: String) async throws -> Int {
        try await reclaim(previousRunsOf: instance, currentRun: nil)
    }

    package func jobs(tenant: APIKeyID, cursor: String? = nil) async throws -> JobPage {
        try await jobs(tenant: tenant, cursor: cursor, limit: 100)
    }

    package func images(
        job: JobIdentifier,
        states: Set<ImageState> = Set(ImageState.allCases),
        after number: Int = 0
    ) async throws -> [JobImage] {
        try await images(job: job, states: states, after: number, limit: 100)
    }

    @discardableResult
    package func rescueExpired() async throws -> Int {
        try await rescueExpired(sparing: [], lease: .seconds(60))
    }

    @discardableResult
    package func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas = APIKeyQuotas(),
        hash: SHA256Digest,
        prefix: String
    ) async throws -> APIKey {
        try await createKey(
            name: name,
            scopes: scopes,
            quotas: quotas,
            expiresAt: nil,
            hash: hash,
            prefix: prefix
        )
    }

    package func expireJobs(
        imageLimit: Int = 500,
        sparing kept: Set<JobIdentifier> = []
    ) async throws -> JobExpiry {
        try await expireJobs(imageLimit: imageLimit, sparing: kept)
    }
}

extension Store {
    /// A new tenant.
    package func tenant(_ name: String = "test") async throws -> APIKeyID {
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
    package func job(
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
                content: .stored(
                    StoredBlob(sha256: blob("\(tenant) \(label) \(index) \(size)"), size: size)
                ),
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
            throw StoreError.corrupt("the job was not made")
        }
        return job
    }
}

/// A hash that stands for a file.
package func blob(_ name: String) -> SHA256Digest {
    SHA256.hash(Array(name.utf8))
}

package func worker(
    _ number: Int = 0,
    run: String = "run1",
    instance: String = "host"
) throws -> WorkerOwner {
    guard let owner = WorkerOwner(instance: instance, run: run, worker: number) else {
        throw StoreError.corrupt("the owner's name is not legal")
    }
    return owner
}

/// What the worker says of an image that it protected.
package func done(_ claim: ClaimedImage) -> ImageOutcome {
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

package let broken = ImageFailure(code: "image_corrupt", detail: "The picture is broken.")
package let ioFault = ImageFailure(code: "input_unreadable", detail: "The file could not be read.")
