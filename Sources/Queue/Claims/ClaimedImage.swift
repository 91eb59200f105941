public import Cryptography
public import JobModel

/// An image that a worker has leased, with everything needed to protect it.
public struct ClaimedImage: Sendable, Equatable {
    /// The job.
    public let jobID: JobIdentifier
    /// The image's place in the job, from 1.
    public let number: Int
    /// Proves that the lease is the claimer's.
    public let token: ClaimToken
    /// Which claim of the image this is, from 1.
    public let attempt: Int
    /// How long it had waited since it first could be claimed this time.
    public let waited: Duration
    /// Who claimed it.
    public let owner: WorkerOwner
    /// Whose image it is.
    public let tenant: APIKeyID
    /// The blob to protect.
    public let inputSHA256: SHA256Digest
    /// The blob's size in bytes.
    public let inputSize: UInt64
    /// The image's share of the work, see `ImageCost`.
    public let pixels: Int
    /// The image's class.
    public let label: ClassLabel
    /// How to protect it.
    public let settings: ProtectionSettings
    /// The part of its class's artefact that it gets; the blob's hash names an imported picture.
    public let artefact: ArtefactPart<SHA256Digest>
    /// What to make besides the protected picture.
    public let attachments: AttachmentRequest

    /// The most bytes of an image that may be claimed together with others.
    public static let maxSmallBytes = 16 * 1024

    /// The most pixels of such an image; a photo of so many bytes has fewer, a drawing may have far
    /// more.
    public static let maxSmallPixels = ImageCost.maxSmallPixels

    /// The most images that one claim takes together.
    public static let maxTogether = 64

    /// Creates a claim; for stores.
    public init(
        jobID: JobIdentifier,
        number: Int,
        token: ClaimToken,
        attempt: Int,
        waited: Duration,
        owner: WorkerOwner,
        tenant: APIKeyID,
        inputSHA256: SHA256Digest,
        inputSize: UInt64,
        pixels: Int,
        label: ClassLabel,
        settings: ProtectionSettings,
        artefact: ArtefactPart<SHA256Digest>,
        attachments: AttachmentRequest
    ) {
        self.jobID = jobID
        self.number = number
        self.token = token
        self.attempt = attempt
        self.waited = waited
        self.owner = owner
        self.tenant = tenant
        self.inputSHA256 = inputSHA256
        self.inputSize = inputSize
        self.pixels = pixels
        self.label = label
        self.settings = settings
        self.artefact = artefact
        self.attachments = attachments
    }
}

/// How a claim ended.
public enum ImageOutcome: Sendable, Equatable {
    /// The image is protected; its picture and attachments are stored already.
    case done(
        output: StoredBlob,
        crc32: UInt32,
        report: ProtectionReport,
        attachments: [StoredAttachment] = []
    )
    /// The image cannot be protected, now or ever.
    case failed(ImageFailure)
    /// The machine failed, not the image.
    ///
    /// The image is tried again after a while, and fails with this after the last attempt.
    case retry(ImageFailure)
    /// The process that had it died; the text is for the operator. The second time quarantines it.
    case crashed(reason: String)
    /// It was not begun, or was given back in an orderly way; nothing is counted.
    case released
}
