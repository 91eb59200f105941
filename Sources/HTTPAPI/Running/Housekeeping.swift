import BlobStorage
import Cryptography
import Logging
import Operations
import POSIX
import Queue

/// Erases what nobody will ask for any more: expired jobs, the files they leave, and files that no
/// row refers to.
struct Housekeeping: Sendable {
    /// How long an orphan may stay, such as the result of an image that was erased while it was worked on.
    ///
    /// What an upload or a worker has filed and not yet written into a row, however long that takes, is in the ledger and no orphan.
    static let orphanAge: Duration = .seconds(300)
    /// How often expired jobs are looked for.
    private static let interval: Duration = .seconds(30)
    /// How many of those looks pass between two sweeps for orphans.
    private static let looksBetweenSweeps = 10
    /// The most images that expire in one transaction.
    private static let expiredAtOnce = 500

    let store: any Store
    let blobs: any BlobStorage
    let disk: BlockingExecutor
    let ledger: BlobLedger
    /// What a start of the service found of earlier runs.
    let leftovers: Leftovers
    /// What does not expire yet.
    let readings: JobReadings
    let logger: Logger
    /// Room that erasing may use when there is no other.
    var reserve: DiskReserve?

    /// Expires jobs until the task is cancelled.
    func run() async {
        var looks = 0
        while !Task.isCancelled {
            await reserve?.restore(on: disk, logger: logger)
            do {
                try await followClock()
                try await expire()
                try await store.saveKeyUses()
                looks += 1
                if looks % Self.looksBetweenSweeps == 0 {
                    try await sweepOrphans()
                    try await leftovers.eraseSetAside()
                }
            } catch {
                logger.error("housekeeping failed", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Follows a wall clock that was set, with everything whose time is counted.
    ///
    /// - Throws: Faults of the disk and of the store.
    func followClock() async throws {
        let step = try await store.followClock()
        guard step != 0 else { return }
        logger.notice(
            "the clock was set; what is unfinished or kept for a while was moved with it",
            metadata: ["by_seconds": "\(step / 1000)"]
        )
        try await leftovers.moveSetAside(by: step)
    }

    /// Expires every job whose time has come, with its files; one whose archive is being sent waits for the next look.
    ///
    /// - Throws: Faults of the store.
    func expire() async throws {
        while true {
            let expired = try await reserve.erasing(in: store, on: disk, logger) {
                [store, readings] in
                try await store.expireJobs(imageLimit: Self.expiredAtOnce, sparing: readings.jobs)
            }
            guard !expired.isEmpty else { return }
            try await remove(expired.blobs, ifOlderThan: .zero)
            logger.info(
                "expired jobs erased",
                metadata: [
                    "jobs": "\(expired.jobs)", "images": "\(expired.images)",
                    "blobs": "\(expired.blobs.count)",
                ]
            )
        }
    }

    /// Removes those of some blobs that no row refers to.
    ///
    /// - Parameters:
    ///   - candidates: Blobs that a row referred to until now.
    ///   - age: What is younger stays until the next sweep.
    /// - Throws: Faults of the store.
    func remove(_ candidates: [SHA256Digest], ifOlderThan age: Duration) async throws {
        try await store.withUnreferenced(among: candidates) { [ledger] free in
            for sha256 in free { ledger.remove(sha256, ifOlderThan: age) }
        }
        // Not while the store's writer is held: to unlink large files takes a disk long.
        await disk.run { [blobs] in blobs.reclaim() }
    }

    /// Removes old files that no row refers to and nobody is about to refer to.
    ///
    /// - Throws: Faults of the disk and of the store.
    func sweepOrphans() async throws {
        let referenced = try await store.referencedBlobs()
        let orphans = try await disk.run { [blobs] in
            try blobs.list().filter { !referenced.contains($0) }
        }
        guard !orphans.isEmpty else { return }
        try await remove(orphans, ifOlderThan: Self.orphanAge)
    }
}
