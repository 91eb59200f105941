public import JobModel

/// Makes, shows, changes and erases jobs.
///
/// A call that names a tenant sees only the jobs of that API key.
public protocol JobCatalog: Sendable {
    /// Makes a job with its images and, if the client named its request, its idempotency record.
    ///
    /// An image fails at once if it is a picture that the tenant's jobs gave out, unless the job
    /// wants it. The files must be stored before. A class that is new gets its artefact here. What
    /// each class hides in this job is settled here too, also for its retries.
    ///
    /// - Parameters:
    ///   - new: The job.
    ///   - images: At least one, in the order of their numbers; each that is stored has a class.
    /// - Returns: The new job; the old one if the same request came before; or why there is none.
    /// - Throws: ``StoreError/noImages``, ``StoreError/unknownTenant``, errors of the database.
    func createJob(_ new: NewJob, images: [NewImage]) async throws(StoreError) -> JobSubmission

    /// Whether a tenant has named a request so before; then sending it again makes no job.
    ///
    /// - Parameters:
    ///   - key: See ``NewJob/Idempotency/key``.
    ///   - tenant: Whose request.
    /// - Returns: Whether the request's job exists and has not expired.
    /// - Throws: ``StoreError``.
    func hasRequest(_ key: String, tenant: APIKeyID) async throws(StoreError) -> Bool

    /// How many images of a tenant are queued or running.
    func queuedImages(tenant: APIKeyID) async throws(StoreError) -> QueuedImages

    /// A job of a tenant, perhaps expired; `nil` if the tenant has none of this identifier.
    func job(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job?

    /// The jobs of a tenant that have not expired, newest first.
    ///
    /// - Parameters:
    ///   - tenant: Whose jobs.
    ///   - cursor: ``JobPage/nextCursor`` of the page before; `nil` for the first page.
    ///   - limit: The most jobs, 1 to 1000.
    /// - Returns: The page.
    /// - Throws: ``StoreError/invalidCursor``, errors of the database.
    func jobs(tenant: APIKeyID, cursor: String?, limit: Int) async throws(StoreError) -> JobPage

    /// The images of a job, in the order of their numbers.
    ///
    /// The caller has checked whose job it is.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - states: Only images in these states.
    ///   - number: Only images behind this number.
    ///   - limit: The most images.
    /// - Returns: The images.
    /// - Throws: ``StoreError``.
    func images(
        job: JobIdentifier,
        states: Set<ImageState>,
        after number: Int,
        limit: Int
    ) async throws(StoreError) -> [JobImage]

    /// One image of a job; the caller has checked whose job it is.
    func image(job: JobIdentifier, number: Int) async throws(StoreError) -> JobImage?

    /// The attachments of a job's images by the images' numbers; images without any are missing.
    ///
    /// The caller has checked whose job it is. Those of one image are in the order of their kinds.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - number: Only the image of this number; `nil` for all.
    /// - Returns: The attachments.
    /// - Throws: ``StoreError``.
    func attachments(
        job: JobIdentifier,
        number: Int?
    ) async throws(StoreError) -> [Int: [StoredAttachment]]

    /// The state of a job, and which images ended after a moment, both of the same moment.
    ///
    /// A caller that passes the last ending of the answer before learns of every image that ended,
    /// each exactly once, whatever was restarted in between.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - tenant: Whose it is.
    ///   - ending: The last ``EndedImage/ending`` that is known already; 0 for none.
    ///   - limit: The most images.
    /// - Returns: The progress; `nil` if the tenant has no job of this identifier.
    /// - Throws: ``StoreError``.
    func progress(
        of id: JobIdentifier,
        tenant: APIKeyID,
        after ending: Int64,
        limit: Int
    ) async throws(StoreError) -> JobProgress?

    /// Begins to watch a job; `nil` if the tenant has none of this identifier.
    func watch(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> JobWatch?

    /// Wakes everyone who watches a job, so that they look around; for the end of the service.
    func wakeWatches()

    /// Cancels what a job has not done yet; what is done stays.
    ///
    /// Workers that have its images find their leases gone, those of this process at once.
    ///
    /// - Returns: The job as it is then; `nil` if the tenant has none of this identifier.
    func cancelJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job?

    /// Queues again what has failed of a job or is quarantined, with nothing counted against it.
    ///
    /// What is done, cancelled or under way stays as it is. A job that had ended goes on, and
    /// expires later.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - number: The only image to queue again; `nil` for all.
    ///   - tenant: Whose job it is.
    /// - Returns: What was done; `nil` if the tenant has no job of this identifier.
    /// - Throws: Errors of the database.
    func retryJob(
        _ id: JobIdentifier,
        image number: Int?,
        tenant: APIKeyID
    ) async throws(StoreError) -> JobRetry?

    /// Erases a job, whatever its state, with its images and its idempotency record.
    ///
    /// - Returns: The files that it referred to, some of which others may refer to: pass them to
    ///   ``BlobReferences/withUnreferenced(among:_:)``. `nil` if the tenant has no job of this
    ///   identifier.
    func deleteJob(
        _ id: JobIdentifier,
        tenant: APIKeyID
    ) async throws(StoreError) -> [ErasedImage]?

    /// Does one step of expiring the jobs whose time has come.
    ///
    /// Their images go; their rows stay for ``JobExpiry/tombstoneLifetime``. A job counts as
    /// expired from its first step on. Steps are small, because nobody else can write meanwhile:
    /// call it until nothing was done.
    ///
    /// - Parameters:
    ///   - imageLimit: The most images to remove in this transaction.
    ///   - kept: Jobs that do not expire yet, because somebody is downloading their files.
    /// - Returns: What was done; nothing while ``StoreUpkeep/isTimeInDoubt``.
    /// - Throws: ``StoreError``.
    func expireJobs(
        imageLimit: Int,
        sparing kept: Set<JobIdentifier>
    ) async throws(StoreError) -> JobExpiry

    /// What is left to do of every job, of all tenants, in no order.
    ///
    /// It takes the images of a job to be alike. It reads all unfinished jobs, so keep its answer
    /// for a while.
    func unfinishedWork() async throws(StoreError) -> [QueueForecast.Work]

    /// What the store holds and has done, all of one moment but the size of the files.
    func statistics() async throws(StoreError) -> StoreStatistics
}

extension JobCatalog {
    /// Queues again all that has failed of a job, as ``retryJob(_:image:tenant:)`` does.
    ///
    /// - Returns: What was done; `nil` if the tenant has no job of this identifier.
    /// - Throws: Errors of the database.
    public func retryJob(
        _ id: JobIdentifier,
        tenant: APIKeyID
    ) async throws(StoreError) -> JobRetry? {
        try await retryJob(id, image: nil, tenant: tenant)
    }
}
