import BlobStorage
import Cryptography
import Logging
import Operations
import POSIX
import Queue
import Synchronization

/// Erases expired jobs with their files, and files that no row refers to.
struct Housekeeping: Sendable {
    /// The interval between two runs.
    private static let interval: Duration = .seconds(30)
    /// The number of runs per orphan sweep.
    private static let looksBetweenSweeps = 10
    /// The same where many nodes share a storage, of which a list is costly: an hour.
    private static let looksBetweenSharedSweeps = 120
    /// How long a node's downloads count after it was last heard of.
    private static let nodeLifetime: Duration = .seconds(30)
    /// The most images that expire in one transaction.
    private static let expiredAtOnce = 500

    let store: any Store
    let blobs: any BlobStorage
    let disk: BlockingExecutor
    let ledger: BlobLedger
    /// The files that the start of the service set aside.
    let leftovers: Leftovers
    /// The jobs that must not expire yet.
    let downloads: JobDownloads
    let logger: Logger
    /// Space on the disk that is held back so that erasing works on a full disk.
    var reserve: DiskReserve?

    /// Runs every 30 seconds until the task is cancelled; faults are logged and do not stop it.
    ///
    /// - Parameter leads: Returns whether this node does what only one may do.
    func run(leads: @Sendable () -> Bool = { true }) async {
        let period =
            leftovers.isShared ? Self.looksBetweenSharedSweeps : Self.looksBetweenSweeps
        // A shared storage is looked through soon after a node has begun to lead.
        var looks = leftovers.isShared ? period - 1 : 0
        while !Task.isCancelled {
            await reserve?.restore(on: disk, logger: logger)
            do {
                try await followClock()
                try await store.saveKeyUses()
                guard leads() else {
                    try? await Task.sleep(for: Self.interval)
                    continue
                }
                try await expire()
                try await store.forgetWebhookMessages()
                looks += 1
                if looks % period == 0 {
                    try await sweepOrphans()
                    try await leftovers.eraseSetAside()
                }
            } catch {
                logger.error("housekeeping failed", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Shifts the times of unfinished and expiring data after the wall clock was set.
    ///
    /// - Throws: Faults of the disk and of the store.
    func followClock() async throws {
        let step = try await store.followClock()
        guard step != 0 else { return }
        logger.notice(
            "the clock was set; what is unfinished or kept for a while was moved with it",
            metadata: ["by_seconds": .stringConvertible(step / 1000)]
        )
        try await leftovers.shiftSetAsideTimes(by: step)
    }

    /// Erases every expired job with its files, except those whose archives are being sent.
    ///
    /// - Throws: Faults of the store.
    func expire() async throws {
        while true {
            let elsewhere = try await store.nodes(seenWithin: Self.nodeLifetime)
                .reduce(into: Set()) { $0.formUnion($1.downloads) }
            let expired = try await reserve.erasing(in: store, on: disk, logger) {
                [store, downloads] in
                try await store.expireJobs(
                    imageLimit: Self.expiredAtOnce,
                    sparing: downloads.jobs.union(elsewhere)
                )
            }
            guard !expired.isEmpty else { return }
            try await remove(expired.blobs, ifOlderThan: .zero)
            logger.info(
                "expired jobs erased",
                metadata: [
                    "jobs": .stringConvertible(expired.jobs),
                    "images": .stringConvertible(expired.images),
                    "blobs": .stringConvertible(expired.blobs.count),
                ]
            )
        }
    }

    /// Removes the blobs that no row refers to, and that the ledger does not note.
    ///
    /// - Parameters:
    ///   - candidates: The blobs to consider, such as those of an erased job.
    ///   - age: The least age; younger blobs stay until a later sweep.
    /// - Returns: How many were removed.
    /// - Throws: Faults of the store.
    @discardableResult
    func remove(_ candidates: [SHA256Digest], ifOlderThan age: Duration) async throws -> Int {
        let removed = Atomic(0)
        try await store.withUnreferenced(among: candidates) { [ledger] free in
            for sha256 in free where ledger.remove(sha256, ifOlderThan: age) {
                removed.wrappingAdd(1, ordering: .relaxed)
            }
        }
        // Outside of the store's write transaction, since unlinking large files takes long.
        await disk.run { [blobs] in blobs.reclaim() }
        return removed.load(ordering: .relaxed)
    }

    /// Removes the orphans: old blobs that neither a row nor the ledger refers to.
    ///
    /// - Throws: Faults of the disk and of the store.
    func sweepOrphans() async throws {
        let referenced = try await store.referencedBlobs()
        let orphans = try await disk.run { [blobs] in
            try blobs.list().filter { !referenced.contains($0) }
        }
        guard !orphans.isEmpty else { return }
        let count = try await remove(orphans, ifOlderThan: leftovers.orphanAge)
        guard count > 0 else { return }
        logger.notice(
            "files that no row of the database refers to were removed",
            metadata: [
                "files": .stringConvertible(count),
                "older_than_seconds": .stringConvertible(leftovers.orphanAge.components.seconds),
            ]
        )
    }
}

extension API {
    /// Housekeeping for this API's store and blobs.
    var housekeeping: Housekeeping {
        Housekeeping(
            store: store,
            blobs: blobs,
            disk: disk,
            ledger: ledger,
            leftovers: leftovers,
            downloads: downloads,
            logger: logger,
            reserve: reserve
        )
    }
}
