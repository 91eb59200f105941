public import Cryptography
public import JobModel

/// What a job's owner wants of each image besides its protected picture.
public struct AttachmentRequest: Sendable, Hashable {
    /// Whether previews are made.
    public let previews: Bool
    /// Who can have the photo's pixels back; `nil` if nobody.
    public let recovery: SealingRecipient?

    /// Puts a request together; without arguments, nothing is wanted.
    public init(previews: Bool = false, recovery: SealingRecipient? = nil) {
        self.previews = previews
        self.recovery = recovery
    }

    /// What is made.
    public var kinds: Set<AttachmentKind> {
        var kinds: Set<AttachmentKind> = previews ? [.previewBefore, .previewAfter] : []
        if recovery != nil { kinds.insert(.recovery) }
        return kinds
    }
}

/// A file that was made of an image besides its protected picture; it is on disk already.
public struct StoredAttachment: Sendable, Hashable {
    /// What it is.
    public let kind: AttachmentKind
    /// Its blob.
    public let blob: StoredBlob
    /// The CRC-32 of its bytes.
    public let crc32: UInt32

    /// Puts an attachment together.
    public init(kind: AttachmentKind, blob: StoredBlob, crc32: UInt32) {
        self.kind = kind
        self.blob = blob
        self.crc32 = crc32
    }
}
