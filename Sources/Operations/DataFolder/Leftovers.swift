import LocalBlobs
public import Logging
public import POSIX
public import Queue

/// The leftovers of earlier runs in a data folder: unfinished files, and blobs that no row refers
/// to.
///
/// A start sets such blobs aside for a while, because it may be their rows that are lost. In a storage
/// that is not the data folder they stay where they are for as long.
public struct Leftovers: Sendable {
    /// How long blobs stay set aside by default, 7 days.
    public static let standardPeriod: Duration = .seconds(7 * 24 * 60 * 60)

    private let store: any BlobReferences & StoreUpkeep
    private let blobs: NodeBlobs
    private let disk: BlockingExecutor
    private let logger: Logger
    private let setAsidePeriod: Duration

    /// How old a blob without a row must be before a sweep may remove it.
    public var orphanAge: Duration { blobs.own == nil ? setAsidePeriod : Self.ownOrphanAge }

    /// Whether only one node at a time may look for blobs without a row, and seldom, since it lists
    /// them all.
    public var isShared: Bool { blobs.own == nil }

    /// The age of an orphan, such as the output of an image that was erased while it was protected.
    ///
    /// A file whose row is yet to be written is in the ledger, however long that takes, and not an
    /// orphan.
    private static let ownOrphanAge: Duration = .seconds(300)

    /// Creates a cleaner; ``cleanUpAfterLastRun()`` looks for leftovers.
    ///
    /// - Parameters:
    ///   - store: The data folder's store.
    ///   - blobs: The node's blobs.
    ///   - disk: Runs the calls that block on the disk.
    ///   - logger: Receives what was found.
    ///   - setAsidePeriod: How long blobs without a row stay.
    public init(
        store: any BlobReferences & StoreUpkeep,
        blobs: NodeBlobs,
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

    /// Removes the spools of a run that was killed, and sets aside blobs that no row refers to.
    ///
    /// Either their rows were never written, or the rows were lost with the database, so no blob is
    /// erased here. It also puts back set-aside blobs that a row refers to again. Call it at
    /// startup, before there are uploads or workers.
    ///
    /// - Throws: Errors of the disk and of the store.
    public func cleanUpAfterLastRun() async throws {
        guard let own = blobs.own else {
            report(unfinished: try await disk.run { [blobs] in try blobs.sweepUnfinished() })
            return
        }
        let referenced = try await store.referencedBlobs()
        let time = store.currentTime
        let (spools, back, orphans) = try await disk.run {
            let spools = try own.sweepTemporary()
            let back = try own.putBack { referenced.contains($0) }
            return (spools, back, try own.setOrphansAside(at: time) { referenced.contains($0) })
        }
        report(unfinished: spools)
        if back.files > 0 {
            logger.notice(
                "files that were set aside are referred to again, and were put back",
                metadata: metadata(of: back, in: own)
            )
        }
        guard orphans.files > 0 else { return }
        logger.warning(
            """
            files that no row of the database refers to were set aside; they are erased after the \
            period, unless a start finds their rows again
            """,
            metadata: metadata(of: orphans, in: own)
        )
    }

    private func report(unfinished count: Int) {
        guard count > 0 else { return }
        logger.notice(
            "removed unfinished files of the last run",
            metadata: ["spools": .stringConvertible(count)]
        )
    }

    /// Erases blobs that were set aside longer ago than the period.
    ///
    /// It does nothing while the time is in doubt.
    ///
    /// - Throws: Errors of the disk.
    public func eraseSetAside() async throws {
        guard let own = blobs.own, !store.isTimeInDoubt else { return }
        let time = store.currentTime - setAsidePeriod.components.seconds * 1000
        let erased = try await disk.run { try own.eraseSetAside(until: time) }
        guard erased.files > 0 else { return }
        logger.notice(
            "erased files that were set aside long enough",
            metadata: metadata(of: erased, in: own)
        )
    }

    /// Shifts the times of set-aside blobs, after the clock they are counted by was set.
    ///
    /// - Parameter step: The shift in milliseconds, positive for later.
    /// - Throws: Errors of the disk.
    public func shiftSetAsideTimes(by step: Int64) async throws {
        guard let own = blobs.own else { return }
        try await disk.run { try own.shiftSetAsideTimes(by: step) }
    }

    private func metadata(
        of totals: LocalBlobs.FileTotals,
        in blobs: LocalBlobs
    ) -> Logger.Metadata {
        [
            "files": .stringConvertible(totals.files), "bytes": .stringConvertible(totals.bytes),
            "folder": "\(blobs.setAsideFolder)",
            "period_seconds": .stringConvertible(setAsidePeriod.components.seconds),
        ]
    }
}
