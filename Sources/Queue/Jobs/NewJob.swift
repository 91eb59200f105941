public import Cryptography
public import JobModel

/// A job to be made.
public struct NewJob: Sendable {
    /// A client's name for its request, so that sending it again makes no second job.
    public struct Idempotency: Sendable {
        /// The name, any text.
        public let key: String
        /// A hash over everything that makes up the request.
        public let fingerprint: SHA256Digest
        /// The fingerprints that earlier versions made of the same request.
        ///
        /// A request that is sent again after an update so finds its job. A store only compares with
        /// them and never keeps them.
        public let earlierFingerprints: [SHA256Digest]

        /// Names a request.
        public init(
            key: String,
            fingerprint: SHA256Digest,
            earlierFingerprints: [SHA256Digest] = []
        ) {
            self.key = key
            self.fingerprint = fingerprint
            self.earlierFingerprints = earlierFingerprints
        }
    }

    /// Whose it is.
    public let tenant: APIKeyID
    /// How to protect its images.
    public let settings: ProtectionSettings
    /// How urgent it is among the jobs of its key.
    public let priority: JobPriority
    /// What to make of its images besides their protected pictures.
    public let attachments: AttachmentRequest
    /// How long to keep its files once it is finished.
    public let retention: Duration
    /// Whether to protect again, rather than refuse, pictures that the tenant's jobs gave out.
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
        /// A file, which is stored already.
        case stored(StoredBlob)
        /// Nothing: it was refused while it was received.
        case refused(ImageFailure)

        /// Whether it was refused.
        public var isRefused: Bool {
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
    ///   - source: What its owner called its file, see `SourcePath`; `nil` if it came without a
    ///     name.
    ///   - content: What there is of it.
    ///   - pixels: What its header states, see `ImageCost`; `nil` to estimate it from the file's
    ///     size.
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
    public func refused(_ failure: ImageFailure) -> NewImage {
        NewImage(label: label, name: name, source: source, content: .refused(failure))
    }
}

/// The answer to a request for a job.
public enum JobSubmission: Sendable, Equatable {
    /// The job was made.
    case created(Job)
    /// The same request had made this job before.
    case replayed(Job)
    /// Another request used the same idempotency key.
    case conflict
    /// The API key expired or was revoked while the request was under way.
    case keyUnusable
    /// A quota of the API key leaves no room for the job.
    case overQuota(QuotaExcess)
}
