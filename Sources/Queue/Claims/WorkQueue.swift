public import JobModel

/// What workers need of the queue: claims of images, for as long as their leases hold.
public protocol WorkQueue: Sendable {
    /// Leases work for some codecs.
    ///
    /// Each gets the next image, or up to `limit` small ones of one job. `FairQueue` decides whose
    /// image it is. Among the images of one key the turn of their jobs decides, then the order in
    /// the job. An image that crashed or was interrupted before is claimed alone, so that its next
    /// crash is blamed on no other image.
    ///
    /// - Parameters:
    ///   - owner: Who claims.
    ///   - lease: How long the claims hold without a heartbeat.
    ///   - slots: How many codecs wait for work, at least 1.
    ///   - limit: The most small images to claim together, 1 to ``ClaimedImage/maxTogether``.
    /// - Returns: For each codec its claims, in the order of their numbers; fewer lists than slots,
    ///   or none, if no more is claimable now.
    /// - Throws: ``StoreError``.
    func claim(
        owner: WorkerOwner,
        lease: Duration,
        slots: Int,
        limit: Int
    ) async throws(StoreError) -> [[ClaimedImage]]

    /// Extends leases.
    ///
    /// - Parameters:
    ///   - claims: The claims to keep.
    ///   - lease: How long they hold from now on.
    /// - Returns: For each claim whether it is still held; drop one that is not.
    /// - Throws: ``StoreError``.
    func heartbeat(claims: [ClaimedImage], lease: Duration) async throws(StoreError) -> [Bool]

    /// Ends claims, each with its own outcome, in one transaction with the counts of their jobs.
    ///
    /// A repeated end of a claim counts as the first one did, and changes nothing, until somebody
    /// else takes the image. So a worker that does not know whether its answer was committed may
    /// give it again.
    ///
    /// - Returns: For each whether it counted. If the lease was lost meanwhile it does not, and
    ///   nothing changes. If the call throws, none is known to have counted.
    @discardableResult
    func finish(_ outcomes: [(ClaimedImage, ImageOutcome)]) async throws(StoreError) -> [Bool]

    /// Takes back, at once, the leases of earlier runs of an installation.
    ///
    /// Call it at the start. Each image counts one interruption, not a crash: the whole service was
    /// killed, which says little about any one image. The fifth interruption quarantines the image
    /// all the same, in case it is the image that kills the service.
    ///
    /// - Parameters:
    ///   - instance: `WorkerOwner.instance` of this installation, of which no other run is alive.
    ///   - run: The run whose leases are good; `nil` while it has none yet.
    /// - Returns: How many leases were taken back.
    /// - Throws: ``StoreError``.
    @discardableResult
    func reclaim(
        previousRunsOf instance: String,
        currentRun run: String?
    ) async throws(StoreError) -> Int

    /// Takes back the leases that have run out.
    ///
    /// Whoever held one is dead, stuck or cut off, which says little about the image: each counts
    /// as an interruption. Only a worker's own word counts as a crash.
    ///
    /// - Parameters:
    ///   - claims: Claims known to be at work, which are extended instead. Leases also run out
    ///     while the database cannot be written, or when the clock is set forward.
    ///   - lease: How long those hold from now on.
    /// - Returns: How many leases were taken back.
    /// - Throws: ``StoreError``.
    @discardableResult
    func rescueExpired(
        sparing claims: [ClaimedImage],
        lease: Duration
    ) async throws(StoreError) -> Int

    /// Ends the waits of images that would last longer than any wait that is given.
    ///
    /// Such a wait exists only because the clock was set back after it began.
    ///
    /// - Returns: How many images need not wait any more.
    @discardableResult
    func endImpossibleWaits() async throws(StoreError) -> Int

    /// The present moment; take it before a claim that may come back empty.
    var workMark: WorkMark { get }

    /// Waits until something may be claimable.
    ///
    /// It returns when a job is made or an image goes back into the queue after the mark, when an
    /// image's wait between two attempts is over, when `timeout` has passed, or when the task is
    /// cancelled. It may return for nothing.
    ///
    /// - Parameters:
    ///   - mark: ``workMark`` from before the claim that came back empty.
    ///   - timeout: The longest wait. Keep it to some seconds: other processes do not wake this
    ///     one.
    /// - Throws: ``StoreError``.
    func waitForWork(after mark: WorkMark, atMost timeout: Duration) async throws(StoreError)

    /// The present moment; take it before a look at leases that are held.
    var leaseMark: WorkMark { get }

    /// Waits until leases may be gone before their time, because a job was cancelled or erased.
    ///
    /// It also returns when `timeout` has passed and when the task is cancelled. What other
    /// processes do does not wake this one.
    ///
    /// - Parameters:
    ///   - mark: ``leaseMark`` from before the claim or the last look.
    ///   - timeout: The longest wait.
    func waitForRevocation(after mark: WorkMark, atMost timeout: Duration) async
}
