public import JobModel

/// What the store holds and has done, over all tenants, for the metrics.
public struct StoreStatistics: Sendable, Equatable {
    /// How many jobs are in each state, without the expired ones.
    public let jobs: [JobState: Int]
    /// How many images are in each state, without those of expired jobs.
    public let images: JobCounts
    /// How many images have ended in each way since the database was made, those of erased jobs among them.
    public let endings: [ImageState: Int]
    /// When the oldest job that still has images in the queue was accepted, in milliseconds since 1970; `nil` if the queue is empty.
    public let oldestQueuedAt: Int64?
    /// The bytes of the database's file and of its write-ahead log.
    public let databaseBytes: UInt64
}
