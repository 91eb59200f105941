public import Cryptography

/// The answer to a request to retry failed images.
public enum JobRetry: Sendable, Equatable {
    /// They are queued; the job as it is then.
    case queued(Job)
    /// None failed or is quarantined, but for those that were refused before they were stored.
    case nothing
    /// The files are gone.
    case expired
    /// A quota of the API key leaves no room for them.
    case overQuota(QuotaExcess)
}

/// The files of an image that is erased, or the imported pictures that only its job had left.
public struct ErasedImage: Sendable, Equatable {
    /// What was sent; `nil` if it was refused before it was stored, and for imported pictures.
    public let input: SHA256Digest?
    /// The protected picture, if there was one, and its attachments; or the imported pictures.
    public let outputs: [SHA256Digest]

    /// For stores: the files of an image.
    public init(input: SHA256Digest?, outputs: [SHA256Digest]) {
        self.input = input
        self.outputs = outputs
    }
}

/// What one step of the expiry of jobs has done.
public struct JobExpiry: Sendable, Equatable {
    /// How many jobs have expired.
    public let jobs: Int
    /// How many images of theirs, or of jobs that expired before, were removed.
    public let images: Int
    /// Blobs that nothing refers to any more; pass them to
    /// ``BlobReferences/withUnreferenced(among:_:)``.
    public let blobs: [SHA256Digest]

    /// How long the row of an expired job stays, so that its identifier is answered with "gone"
    /// instead of "unknown".
    public static let tombstoneLifetime: Duration = .seconds(7 * 24 * 3600)

    /// For stores: what was done.
    public init(jobs: Int, images: Int, blobs: [SHA256Digest]) {
        self.jobs = jobs
        self.images = images
        self.blobs = blobs
    }

    /// Whether there was nothing to do.
    public var isEmpty: Bool { jobs == 0 && images == 0 && blobs.isEmpty }
}
