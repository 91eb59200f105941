public import LocalBlobs
public import Logging
public import POSIX
public import Queue

/// What earlier runs have left in a data folder: unfinished files, and files that no row refers to.
///
/// The latter a start sets aside for a while, since their rows may be what is lost.
public struct Leftovers: Sendable {
    /// How long files stay set aside where nobody says otherwise.
    public static let standardPeriod: Duration = .seconds(7 * 24 * 60 * 60)

    private let store: any BlobReferences & StoreUpkeep
    private let blobs: LocalBlobs
    private let disk: BlockingExecutor
    private let logger: Logger
    private let setAsidePeriod: Duration

    /// Describes what may be left over; ``cleanUpAfterLastRun()`` looks for it.
    ///
    /// - Parameters:
    ///   - store: The data folder's store.
    ///   - blobs: Its files.
    ///   - disk: Where the calls run that block on them.
    ///   - logger: Is told what was found.
    ///   - setAsidePeriod: How long files without a row stay.
    public init(
        store: any BlobReferences & StoreUpkeep,
        blobs: LocalBlobs,
        disk: BlockingExecutor,
        logger: Logger,
        setAsidePeriod: Duration = Self.standardPeriod
    ) {
        self.store = store
        self.blobs = blobs
        self.disk = disk
        self.logger = logger
        self.setAsidePeriod = setAsidePeriod
    }

    /// Removes the spools that a run that was killed left, and sets the blobs aside to which no row
    /// refers.
    ///
    /// Such blobs were filed for rows that were never written, or they are all that is left of rows
    /// that were lost with the database, so none is erased here. For the start, while there are
    /// neither uploads nor workers.
    ///
    /// - Throws: Faults of the disk and of the store.
    public func cleanUpAfterLastRun() async throws {
        let referenced = try await store.referencedBlobs()
        let time = store.currentTime
        let (spools, back, orphans) = try await disk.run { [blobs] in
            let spools = try blobs.sweepTemporary()
            let back = try blobs.putBack { referenced.contains($0) }
            return (spools, back, try blobs.setOrphansAside(at: time) { referenced.contains($0) })
        }
        if spools > 0 {
            logger.notice("removed what the last run left", metadata: ["spools": "\(spools)"])
        }
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

    /// Erases what was set aside longer than the period ago.
    ///
    /// - Throws: Faults of the disk.
    public func eraseSetAside() async throws {
        guard !store.isTimeInDoubt else { return }
        let time = store.currentTime - setAsidePeriod.components.seconds * 1000
        let erased = try await disk.run { [blobs] in try blobs.eraseSetAside(until: time) }
        guard erased.files > 0 else { return }
        logger.notice(
            "erased files that were set aside long enough",
            metadata: metadata(of: erased)
        )
    }

    /// Follows a clock that was set, by which it is counted how long files are set aside.
    ///
    /// - Parameter step: By how many milliseconds.
    /// - Throws: Faults of the disk.
    public func moveSetAside(by step: Int64) async throws {
        try await disk.run { [blobs] in try blobs.moveSetAside(by: step) }
    }

    private func metadata(of moved: LocalBlobs.Moved) -> Logger.Metadata {
        [
            "files": "\(moved.files)", "bytes": "\(moved.bytes)",
            "folder": "\(blobs.setAsideFolder)",
            "period_seconds": "\(setAsidePeriod.components.seconds)",
        ]
    }
}
