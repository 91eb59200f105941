public import Cryptography
public import JobModel

/// A job as it is now.
///
/// Times are milliseconds since 1970.
public struct Job: Sendable, Equatable {
    /// The job's name.
    public let id: JobIdentifier
    /// Whose it is.
    public let tenant: APIKeyID
    /// What it is at.
    public let state: JobState
    /// How its images are protected.
    public let settings: ProtectionSettings
    /// What is made of its images besides their protected pictures.
    public let attachments: AttachmentRequest
    /// How urgent it is among the jobs of its key.
    public let priority: JobPriority
    /// When its turn is, see `JobPriority.turn(ofJobMadeAt:)`.
    public let turn: Int64
    /// The pixels of all its images, see `ImageCost`.
    public let pixels: Int64
    /// How many images are in each state; of an expired job, as they were.
    public let counts: JobCounts
    /// When it was accepted.
    public let createdAt: Int64
    /// When its first image was claimed or finished.
    public let startedAt: Int64?
    /// When its last image was finished.
    public let finishedAt: Int64?
    /// When its files go; known once it is finished.
    public let expiresAt: Int64?
    /// When its files went; such a job has no images any more.
    public let expiredAt: Int64?
    /// Its classes with their counts, in the order of the upload and at most ``ClassCount/maxListed``; `nil` for a job of an earlier
    /// version.
    public let classes: [ClassCount]?
    /// What of its upload was passed over; `nil` if nothing was, and for a job of an earlier version.
    public let passedOver: PassedOver?
}

/// A page of jobs.
public struct JobPage: Sendable, Equatable {
    /// The jobs, newest first.
    public let jobs: [Job]
    /// What to ask for the next page with; `nil` on the last one.
    public let nextCursor: String?
}

/// A file in the blob store, as a row refers to it.
public struct StoredBlob: Sendable, Hashable {
    /// The hash of its bytes.
    public let sha256: SHA256Digest
    /// Its size in bytes.
    public let size: UInt64

    /// Names a file that is on disk already.
    public init(sha256: SHA256Digest, size: UInt64) {
        self.sha256 = sha256
        self.size = size
    }
}

/// One image of a job as it is now.
///
/// Times are milliseconds since 1970.
public struct JobImage: Sendable, Equatable {
    /// Its place in the job, from 1.
    public let number: Int
    /// Its class; `nil` if it was refused because it has none that can be used.
    public let label: ClassLabel?
    /// What its owner called its file, with the folders, see `SourcePath`; `nil` if nobody knows.
    public let source: String?
    /// The file name of its protected picture, with `.png`; with the class it is unique in the job.
    public let fileName: String
    /// What it is at.
    public let state: ImageState
    /// What was sent; `nil` if it was refused before it was stored.
    public let input: StoredBlob?
    /// The protected picture, if there is one.
    public let output: StoredBlob?
    /// The CRC-32 of the protected picture, if there is one.
    public let outputCRC32: UInt32?
    /// What was done to it, if it is protected.
    public let report: ProtectionReport?
    /// Why it is not protected, if it failed or was set aside.
    public let failure: ImageFailure?
    /// How often it was claimed.
    public let attempt: Int
    /// When it was first claimed.
    public let startedAt: Int64?
    /// When it was finished.
    public let finishedAt: Int64?
}

/// A job to be made.
public struct NewJob: Sendable {
    /// A client's name for its request, so that sending it again makes no second job.
    public struct Idempotency: Sendable {
        /// The name, any text.
        public let key: String
        /// A hash over everything that makes up the request.
        public let fingerprint: SHA256Digest
        /// What an earlier version made of the same request, so that one that is sent again after an update finds its job.
        ///
        /// `nil` if no earlier version took such a request. It is only compared with, never kept.
        public let earlierFingerprint: SHA256Digest?

        /// Names a request.
        public init(key: String, fingerprint: SHA256Digest, earlierFingerprint: SHA256Digest? = nil) {
            self.key = key
            self.fingerprint = fingerprint
            self.earlierFingerprint = earlierFingerprint
        }
    }

    /// Whose it is.
    public let tenant: APIKeyID
    /// How its images are protected.
    public let settings: ProtectionSettings
    /// How urgent it is among the jobs of its key.
    public let priority: JobPriority
    /// What is made of its images besides their protected pictures.
    public let attachments: AttachmentRequest
    /// How long its files are kept once it is finished.
    public let retention: Duration
    /// Whether pictures that the tenant's jobs gave out are protected again rather than refused.
    public let protectsAgain: Bool
    /// What of the upload was passed over.
    public let passedOver: PassedOver
    /// The client's name for the request, if it gave one.
    public let idempotency: Idempotency?

    /// Describes a job.
    public init(
        tenant: APIKeyID,
        settings: ProtectionSettings,
        priority: JobPriority = .normal,
        attachments: AttachmentRequest = AttachmentRequest(),
        retention: Duration,
        protectsAgain: Bool = false,
        passedOver: PassedOver = PassedOver(),
        idempotency: Idempotency? = nil
    ) {
        self.tenant = tenant
        self.settings = settings
        self.priority = priority
        self.attachments = attachments
        self.retention = retention
        self.protectsAgain = protectsAgain
        self.passedOver = passedOver
        self.idempotency = idempotency
    }
}

/// An image of a job to be made.
public struct NewImage: Sendable {
    /// What there is of it.
    public enum Content: Sendable, Equatable {
        /// A file, which is on disk already.
        case stored(StoredBlob)
        /// Nothing: it was refused while it was received.
        case refused(ImageFailure)

        /// Whether there is nothing.
        var isRefused: Bool {
            if case .refused = self { true } else { false }
        }
    }

    /// Its class; only an image that was refused may have none.
    public let label: ClassLabel?
    /// Its name; the store numbers equal ones.
    public let name: OutputName
    /// What its owner called its file, see `SourcePath`; `nil` if it came without a name.
    public let source: String?
    /// What there is of it.
    public let content: Content
    /// Its share of the work, see `ImageCost`; 0 if it was refused.
    public let pixels: Int

    /// Describes an image.
    ///
    /// - Parameters:
    ///   - label: Its class; only an image that was refused may have none.
    ///   - name: Its name; the store numbers equal ones.
    ///   - source: What its owner called its file, see `SourcePath`; `nil` if it came without a name.
    ///   - content: What there is of it.
    ///   - pixels: What its header states, see `ImageCost`; `nil` to guess it from the size of the file.
    public init(
        label: ClassLabel?,
        name: OutputName,
        source: String? = nil,
        content: Content,
        pixels: Int? = nil
    ) {
        self.label = label
        self.name = name
        self.source = source
        self.content = content
        switch content {
        case .stored(let blob): self.pixels = pixels ?? ImageCost.estimate(bytes: blob.size)
        case .refused: self.pixels = 0
        }
    }

    /// The same image, refused.
    func refused(_ failure: ImageFailure) -> NewImage {
        NewImage(label: label, name: name, source: source, content: .refused(failure))
    }
}

/// What became of a request for a job.
public enum JobSubmission: Sendable, Equatable {
    /// The job was made.
    case created(Job)
    /// The same request had made this job before.
    case replayed(Job)
    /// Another request used the same idempotency key.
    case conflict
    /// The API key has expired or was revoked while the request was under way.
    case keyUnusable
    /// A quota of the API key leaves no room for the job.
    case overQuota(QuotaExcess)
}
