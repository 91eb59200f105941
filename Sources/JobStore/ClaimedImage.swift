public import Cryptography
public import JobModel

/// An image that a worker has leased, with everything needed to protect it.
public struct ClaimedImage: Sendable, Equatable {
    /// The job.
    public let jobID: JobIdentifier
    /// The image's place in the job, from 1.
    public let number: Int
    /// Which claim of the image this is; with ``owner`` it proves the lease.
    public let attempt: Int
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
    /// What it gets of its class's artefact; an imported picture is named by its blob.
    public let artefact: ArtefactPart<SHA256Digest>
    /// What to make of it besides its protected picture.
    public let attachments: AttachmentRequest
}

/// What became of a claimed image.
public enum ImageOutcome: Sendable, Equatable {
    /// It is protected; the picture is on disk already.
    case done(output: StoredBlob, crc32: UInt32, report: ProtectionReport, attachments: [StoredAttachment] = [])
    /// It cannot be protected, now or ever.
    case failed(ImageFailure)
    /// The machine failed, not the image; it is tried again after a while, and fails with this after the last attempt.
    case retry(ImageFailure)
    /// The process that had it died; the words are for the operator. The second time it is set aside.
    case crashed(reason: String)
    /// It was not begun, or was given back in an orderly way; nothing is counted.
    case released
}
