public import JobModel

/// What the store holds and has done, over all tenants, for the metrics.
public struct StoreStatistics: Sendable, Equatable {
    /// How many jobs are in each state, without the expired ones.
    public let jobs: [JobState: Int]
    /// How many images are in each state, without those of expired jobs.
    public let images: JobCounts
    /// How many images have ever ended in each state, those of erased jobs included.
    public let endings: [ImageState: Int]
    /// When the oldest job that still has queued images was accepted, in milliseconds since 1970;
    /// `nil` if the queue is empty.
    public let oldestQueuedAt: Int64?
    /// The bytes that the database occupies.
    public let databaseBytes: UInt64

    /// For stores: statistics.
    public init(
        jobs: [JobState: Int],
        images: JobCounts,
        endings: [ImageState: Int],
        oldestQueuedAt: Int64?,
        databaseBytes: UInt64
    ) {
        self.jobs = jobs
        self.images = images
        self.endings = endings
        self.oldestQueuedAt = oldestQueuedAt
        self.databaseBytes = databaseBytes
    }
}
