import BlobStore
import Cryptography
import JobStore
import Logging

/// Erases what nobody will ask for any more: expired jobs, the files they leave, and files that no row refers to.
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
    let disk: DiskQueues
    let ledger: BlobLedger
    /// What does not expire yet.
    let readings: JobReadings
    let logger: Logger

    /// Removes what a run that was killed left: spools, and blobs whose rows were never written.
    ///
    /// For the start, while there are neither uploads nor workers.
    ///
    /// - Throws: Faults of the disk and of the store.
    func cleanUpAfterLastRun() async throws {
        let referenced = try await store.referencedBlobs()
        let (spools, orphans) = try await disk.run { [blobs] in
            let spools = try blobs.sweepTemporary()
            return (spools, try blobs.sweepOrphans(ifOlderThan: .zero) { referenced.contains($0) })
        }
        if spools + orphans > 0 {
            logger.notice("removed what the last run left", metadata: ["spools": "\(spools)", "blobs": "\(orphans)"])
        }
    }

    /// Expires jobs until the task is cancelled.
    func run() async {
        var looks = 0
        while !Task.isCancelled {
            do {
                try await expire()
                try await store.saveKeyUses()
                looks += 1
                if looks % Self.looksBetweenSweeps == 0 { try await sweepOrphans() }
            } catch {
                logger.error("housekeeping failed", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Expires every job whose time has come, with its files; one whose archive is being sent waits for the next look.
    ///
    /// - Throws: Faults of the store.
    func expire() async throws {
        while true {
            let expired = try await store.expireJobs(sparing: readings.jobs)
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
