public import Cryptography
public import JobModel

/// What workers need of the queue; ``JobStore`` says of each what it does.
///
/// Whoever implements it is held to the tests of its conformance. In them nothing is left to the implementation: which image is next,
/// what an outcome makes of it, and who still holds a lease follow from `RetryRule`, `FairQueue` and the store's words alone.
public protocol WorkQueue: Sendable {
    /// Leases the next image, or up to `limit` small ones of its job.
    func claim(owner: WorkerOwner, lease: Duration, limit: Int) async throws(JobStoreError) -> [ClaimedImage]

    /// Lengthens leases, and tells which are still held.
    func heartbeat(claims: [ClaimedImage], lease: Duration) async throws(JobStoreError) -> [Bool]

    /// Ends claims, all in one transaction, and tells which counted.
    @discardableResult
    func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async throws(JobStoreError) -> [Bool]

    /// Takes back, at once, the leases of earlier runs of an installation.
    @discardableResult
    func reclaim(previousRunsOf instance: String, currentRun run: String?) async throws(JobStoreError) -> Int

    /// How long claimed images had waited, in seconds, for the metrics.
    func queueWaits(of claims: [ClaimedImage]) async throws(JobStoreError) -> [Double]

    /// Takes back the leases that have run out, but for those of claims that are known to be at work.
    @discardableResult
    func rescueExpired(sparing claims: [ClaimedImage], lease: Duration) async throws(JobStoreError) -> Int

    /// Ends the waits of images that only a clock which was set back makes so long.
    @discardableResult
    func endImpossibleWaits() async throws(JobStoreError) -> Int

    /// The present moment, to be taken before a claim that may come back empty.
    var workMark: WorkMark { get }

    /// Waits until something may be claimable.
    func waitForWork(after mark: WorkMark, atMost timeout: Duration) async throws(JobStoreError)

    /// The present moment, to be taken before a look at leases that are held.
    var leaseMark: WorkMark { get }

    /// Waits until leases may be gone before their time.
    func waitForRevocation(after mark: WorkMark, atMost timeout: Duration) async
}

/// A queue with everything that makes, shows, stops and erases jobs, and with the keys and classes that they need.
public protocol JobQueue: WorkQueue {
    /// Makes a job with its images, once for every request that has a name.
    func createJob(_ new: NewJob, images: [NewImage]) async throws(JobStoreError) -> JobSubmission

    /// A job of a tenant.
    func job(_ id: JobIdentifier, tenant: APIKeyID) async throws(JobStoreError) -> Job?

    /// The jobs of a tenant, newest first.
    func jobs(tenant: APIKeyID, cursor: String?, limit: Int) async throws(JobStoreError) -> JobPage

    /// The images of a job, in the order of their numbers.
    func images(
        job: JobIdentifier,
        states: Set<ImageState>,
        after number: Int,
        limit: Int
    ) async throws(JobStoreError) -> [JobImage]

    /// One image of a job.
    func image(job: JobIdentifier, number: Int) async throws(JobStoreError) -> JobImage?

    /// The attachments of a job's images, by the images' numbers.
    func attachments(job: JobIdentifier, number: Int?) async throws(JobStoreError) -> [Int: [StoredAttachment]]

    /// What the store holds and has done.
    func statistics() async throws(JobStoreError) -> StoreStatistics

    /// What is left to do of every job, of all tenants.
    func unfinishedWork() async throws(JobStoreError) -> [QueueForecast.Work]

    /// Cancels what a job has not done yet.
    func cancelJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(JobStoreError) -> Job?

    /// Queues what has failed of a job once more.
    func retryJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(JobStoreError) -> JobRetry?

    /// Forgets a job with its images.
    func deleteJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(JobStoreError) -> [ErasedImage]?

    /// Does a piece of expiring the jobs whose time has come.
    func expireJobs(imageLimit: Int, sparing kept: Set<JobIdentifier>) async throws(JobStoreError) -> JobExpiry

    /// Does something with those blobs that no row refers to, while no row can come to refer to them.
    func withUnreferenced(
        among candidates: [SHA256Digest],
        _ body: @escaping @Sendable ([SHA256Digest]) -> Void
    ) async throws(JobStoreError)

    /// Every blob that some row refers to.
    func referencedBlobs() async throws(JobStoreError) -> Set<SHA256Digest>

    /// Makes an API key, and with it a tenant.
    func createKey(
        name: String,
        scopes: Set<APIKeyScope>,
        quotas: APIKeyQuotas,
        expiresAt: Int64?,
        hash: SHA256Digest,
        prefix: String
    ) async throws(JobStoreError) -> APIKey

    /// The numbers of a tenant's class.
    func classAssignment(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(JobStoreError) -> ClassAssignment
}

extension JobStore: JobQueue {}
