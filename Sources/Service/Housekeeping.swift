import BlobStore
import Cryptography
import JobStore
import Logging
import POSIX

/// Erases what nobody will ask for any more: expired jobs, the files they leave, and files that no
/// row refers to.
///
/// Files without a row that a start finds are set aside for a while, since their rows may be what
/// is lost.
struct Housekeeping: Sendable {
    /// How long an orphan may stay, such as the result of an image that was erased while it was worked on.
    ///
    /// What an upload or a worker has filed and not yet written into a row, however long that takes, is in the ledger and no orphan.
    static let orphanAge: Duration = .seconds(300)
    /// How often expired jobs are looked for.
    private static let interval: Duration = .seconds(30)
    /// How many of those looks pass between two sweeps for orphans.
    private static let looksBetweenSweeps = 10

    let store: JobStore
    let blobs: BlobStore
    let disk: BlockingExecutor
    let ledger: BlobLedger
    /// What does not expire yet.
    let readings: JobReadings
    let logger: Logger
    /// How long files without a row stay that a start has found.
    var setAsidePeriod: Duration = Settings().setAside
    /// Room that erasing may use when there is no other.
    var reserve: DiskReserve?

    /// Removes the spools that a run that was killed left, and sets the blobs aside to which no row
    /// refers.
    ///
    /// Such blobs were filed for rows that were never written, or they are all that is left of rows
    /// that were lost with the database, so none is erased here. For the start, while there are
    /// neither uploads nor workers.
    ///
    /// - Throws: Faults of the disk and of the store.
    func cleanUpAfterLastRun() async throws {
        let referenced = try await store.referencedBlobs()
        let time = store.currentTime
        let (spools, back, orphans) = try await disk.run { [blobs] in
            let spools = try blobs.sweepTemporary()
            let back = try blobs.putBack { referenced.contains($0) }
            return (spools, back, try blobs.setOrphansAside(at: time) { referenced.contains($0) })
        }
        if spools > 0 { logger.notice("removed what the last run left", metadata: ["spools": "\(spools)"]) }
        if back.files > 0 {
            logger.notice(
                "files that were set aside are referred to again, and were put back",
                metadata: metadata(of: back)
            )
        }
        guard orphans.files > 0 else { return }
        logger.warning(
            """
            files that no row of the database refers to were set aside; they are erased after the period, unless a start finds \
            their rows again
            """,
            metadata: metadata(of: orphans)
        )
    }

    private func metadata(of moved: BlobStore.Moved) -> Logger.Metadata {
        [
            "files": "\(moved.files)", "bytes": "\(moved.bytes)", "folder": "\(blobs.setAsideFolder)",
            "period_seconds": "\(setAsidePeriod.components.seconds)",
        ]
    }

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
                    try await eraseSetAside()
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
        try await disk.run { [blobs] in try blobs.moveSetAside(by: step) }
    }

    /// Erases what was set aside longer than the period ago.
    ///
    /// - Throws: Faults of the disk.
    func eraseSetAside() async throws {
        guard !store.isTimeInDoubt else { return }
        let time = store.currentTime - setAsidePeriod.components.seconds * 1000
        let erased = try await disk.run { [blobs] in try blobs.eraseSetAside(until: time) }
        guard erased.files > 0 else { return }
        logger.notice("erased files that were set aside long enough", metadata: metadata(of: erased))
    }

    /// Expires every job whose time has come, with its files; one whose archive is being sent waits for the next look.
    ///
    /// - Throws: Faults of the store.
    func expire() async throws {
        while true {
            let expired = try await reserve.erasing(in: store, on: disk, logger) { [store, readings] in
                try await store.expireJobs(sparing: readings.jobs)
            }
            guard !expired.isEmpty else { return }
            try await remove(expired.blobs, ifOlderThan: .zero)
            logger.info(
                "expired jobs erased",
                metadata: [
                    "jobs": "\(expired.jobs)", "images": "\(expired.images)", "blobs": "\(expired.blobs.count)",
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
    }

    /// Removes old files that no row refers to and nobody is about to refer to.
    ///
    /// - Throws: Faults of the disk and of the store.
    func sweepOrphans() async throws {
        let referenced = try await store.referencedBlobs()
        let orphans = try await disk.run { [blobs] in try blobs.list().filter { !referenced.contains($0) } }
        guard !orphans.isEmpty else { return }
        try await remove(orphans, ifOlderThan: Self.orphanAge)
    }
}
