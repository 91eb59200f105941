public import Cryptography
public import JobModel

/// What a job's owner wants of each image besides its protected picture.
public struct AttachmentRequest: Sendable, Hashable {
    /// Whether to make previews.
    public let previews: Bool
    /// Who can have the photo's pixels back; `nil` if nobody.
    public let recovery: SealingRecipient?

    /// A request; without arguments, for nothing.
    public init(previews: Bool = false, recovery: SealingRecipient? = nil) {
        self.previews = previews
        self.recovery = recovery
    }

    /// What to make.
    public var kinds: Set<AttachmentKind> {
        var kinds: Set<AttachmentKind> = previews ? [.previewBefore, .previewAfter] : []
        if recovery != nil { kinds.insert(.recovery) }
        return kinds
    }
}

/// A file that was made of an image besides its protected picture, and is stored already.
public struct StoredAttachment: Sendable, Hashable {
    /// What it is.
    public let kind: AttachmentKind
    /// Its blob.
    public let blob: StoredBlob
    /// The CRC-32 of its bytes.
    public let crc32: UInt32

    /// An attachment.
    public init(kind: AttachmentKind, blob: StoredBlob, crc32: UInt32) {
        self.kind = kind
        self.blob = blob
        self.crc32 = crc32
    }
}
