public import JobModel

/// A job as it is now.
///
/// Times are milliseconds since 1970.
public struct Job: Sendable, Equatable {
    /// The job's identifier.
    public let id: JobIdentifier
    /// Whose it is.
    public let tenant: APIKeyID
    /// Its state.
    public let state: JobState
    /// How its images are protected.
    public let settings: ProtectionSettings
    /// What is made of its images besides their protected pictures.
    public let attachments: AttachmentRequest
    /// How urgent it is among the jobs of its key.
    public let priority: JobPriority
    /// When its turn is, see `JobPriority.turn(ofJobCreatedAt:)`.
    public let turn: Int64
    /// The pixels of all its images, see `ImageCost`.
    public let pixels: Int64
    /// How many images are in each state; for an expired job, as they were.
    public let counts: JobCounts
    /// When it was accepted.
    public let createdAt: Int64
    /// When its first image was claimed or ended.
    public let startedAt: Int64?
    /// When its last image ended.
    public let finishedAt: Int64?
    /// When its files go; known once it is finished.
    public let expiresAt: Int64?
    /// When its files went; an expired job has no images any more.
    public let expiredAt: Int64?
    /// Its classes with their counts, in the order of the upload, at most `ClassCount.maxListed`.
    ///
    /// `nil` for a job that an earlier version made.
    public let classes: [ClassCount]?
    /// What of its upload was passed over.
    ///
    /// `nil` if nothing was, and for a job that an earlier version made.
    public let passedOver: PassedOver?

    /// For stores: puts a job together.
    public init(
        id: JobIdentifier,
        tenant: APIKeyID,
        state: JobState,
        settings: ProtectionSettings,
        attachments: AttachmentRequest,
        priority: JobPriority,
        turn: Int64,
        pixels: Int64,
        counts: JobCounts,
        createdAt: Int64,
        startedAt: Int64?,
        finishedAt: Int64?,
        expiresAt: Int64?,
        expiredAt: Int64?,
        classes: [ClassCount]?,
        passedOver: PassedOver?
    ) {
        self.id = id
        self.tenant = tenant
        self.state = state
        self.settings = settings
        self.attachments = attachments
        self.priority = priority
        self.turn = turn
        self.pixels = pixels
        self.counts = counts
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.expiresAt = expiresAt
        self.expiredAt = expiredAt
        self.classes = classes
        self.passedOver = passedOver
    }

    /// What is left to do of it, taking its images to be alike.
    public var work: QueueForecast.Work {
        QueueForecast.Work(tenant: tenant, turn: turn, pixels: counts.unfinishedShare(of: pixels))
    }
}

/// A page of jobs.
public struct JobPage: Sendable, Equatable {
    /// The jobs, newest first.
    public let jobs: [Job]
    /// The cursor of the next page; `nil` on the last one.
    public let nextCursor: String?

    /// For stores: a page.
    public init(jobs: [Job], nextCursor: String?) {
        self.jobs = jobs
        self.nextCursor = nextCursor
    }
}
