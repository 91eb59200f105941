/// How much an API key may do; `nil` stands for no limit.
public struct APIKeyQuotas: Sendable, Equatable {
    /// The most images that may be queued or running at a time.
    public var imagesQueued: Int?
    /// The most bytes that those images may have.
    public var bytesQueued: Int?
    /// The most jobs per minute.
    public var jobsPerMinute: Int?

    /// The range of ``imagesQueued``.
    public static let imagesQueuedRange = 1...1_000_000_000
    /// The range of ``bytesQueued``.
    public static let bytesQueuedRange = 1...(1 << 50)
    /// The range of ``jobsPerMinute``.
    public static let jobsPerMinuteRange = 1...60_000

    /// No limits, unless some are given.
    public init(imagesQueued: Int? = nil, bytesQueued: Int? = nil, jobsPerMinute: Int? = nil) {
        self.imagesQueued = imagesQueued
        self.bytesQueued = bytesQueued
        self.jobsPerMinute = jobsPerMinute
    }

    /// Whether more images would be too many.
    ///
    /// - Parameters:
    ///   - more: What would be queued.
    ///   - queued: What is queued or running already.
    /// - Returns: The quota that would be exceeded, the number of images before the bytes; `nil` if
    ///   there is room.
    public func excess(of more: QueuedImages, over queued: QueuedImages) -> QuotaExcess? {
        if let limit = imagesQueued, more.count > 0, more.count > limit - queued.count {
            return QuotaExcess(quota: .imagesQueued, limit: limit, isFinal: more.count > limit)
        }
        if let limit = bytesQueued, more.bytes > 0, more.bytes > limit - queued.bytes {
            return QuotaExcess(quota: .bytesQueued, limit: limit, isFinal: more.bytes > limit)
        }
        return nil
    }
}

/// How much is queued, or would be.
public struct QueuedImages: Sendable, Equatable {
    /// How many images.
    public var count: Int
    /// Their bytes as they were sent.
    public var bytes: Int

    /// Counts images.
    public init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }
}

/// That a job would exceed a quota.
public struct QuotaExcess: Sendable, Equatable {
    /// The quotas that ``APIKeyQuotas/excess(of:over:)`` checks.
    public enum Quota: Sendable {
        /// ``APIKeyQuotas/imagesQueued``.
        case imagesQueued
        /// ``APIKeyQuotas/bytesQueued``.
        case bytesQueued
    }

    /// Which quota.
    public let quota: Quota
    /// What it allows.
    public let limit: Int
    /// Whether the job alone exceeds it, so that waiting does not help.
    public let isFinal: Bool

    /// For stores and their tests: an excess.
    public init(quota: Quota, limit: Int, isFinal: Bool) {
        self.quota = quota
        self.limit = limit
        self.isFinal = isFinal
    }
}
