import BlobStore
import Cryptography
import JobStore
import Logging

/// Erases what nobody will ask for any more: expired jobs, the files they leave, and files that no row refers to.
struct Housekeeping: Sendable {
    /// Longer than a worker takes between filing a protected image and finishing its row, and than an upload takes between
    /// filing its last image and writing its rows.
    static let youngest: Duration = .seconds(60)
    /// How long an orphan may stay, such as the result of an image that was erased while it was worked on.
    ///
    /// Uploads have noted theirs in the ledger, however long they take.
    static let orphanAge: Duration = .seconds(300)
    /// How often expired jobs are looked for.
    private static let interval: Duration = .seconds(30)
    /// How many of those looks pass between two sweeps for orphans.
    private static let looksBetweenSweeps = 10

    let store: JobStore
    let blobs: BlobStore
    let disk: DiskQueues
    let ledger: BlobLedger
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

    /// Expires every job whose time has come, with its files.
    ///
    /// - Throws: Faults of the store.
    func expire() async throws {
        while true {
            let expired = try await store.expireJobs()
            guard expired.jobs > 0 else { return }
            try await remove(expired.blobs, ifOlderThan: Self.youngest)
            logger.info(
                "expired jobs erased",
                metadata: ["jobs": "\(expired.jobs)", "blobs": "\(expired.blobs.count)"]
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

    private func sweepOrphans() async throws {
        let referenced = try await store.referencedBlobs()
        let orphans = try await disk.run { [blobs] in try blobs.list().filter { !referenced.contains($0) } }
        guard !orphans.isEmpty else { return }
        try await remove(orphans, ifOlderThan: Self.orphanAge)
    }
}
