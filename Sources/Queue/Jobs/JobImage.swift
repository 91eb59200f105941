public import JobModel

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
    /// The file name of its protected picture without the extension, which the job's format decides;
    /// with the class it is unique in the job.
    public let name: String
    /// Its state.
    public let state: ImageState
    /// What was sent; `nil` if it was refused before it was stored.
    public let input: StoredBlob?
    /// The protected picture, if there is one.
    public let output: StoredBlob?
    /// The CRC-32 of the protected picture, if there is one.
    public let outputCRC32: UInt32?
    /// What was done to it, if it is protected.
    public let report: ProtectionReport?
    /// Why it is not protected, if it failed or is quarantined.
    public let failure: ImageFailure?
    /// How often it was claimed.
    public let attempt: Int
    /// When it was first claimed.
    public let startedAt: Int64?
    /// When it ended.
    public let finishedAt: Int64?

    /// For stores: puts an image together.
    public init(
        number: Int,
        label: ClassLabel?,
        source: String?,
        name: String,
        state: ImageState,
        input: StoredBlob?,
        output: StoredBlob?,
        outputCRC32: UInt32?,
        report: ProtectionReport?,
        failure: ImageFailure?,
        attempt: Int,
        startedAt: Int64?,
        finishedAt: Int64?
    ) {
        self.number = number
        self.label = label
        self.source = source
        self.name = name
        self.state = state
        self.input = input
        self.output = output
        self.outputCRC32 = outputCRC32
        self.report = report
        self.failure = failure
        self.attempt = attempt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
