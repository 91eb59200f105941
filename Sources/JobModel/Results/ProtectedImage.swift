/// A protected picture, its report and its attachments.
public struct ProtectedImage: Sendable, Equatable {
    /// The bytes of the delivered file, in the report's format.
    public let file: [UInt8]
    /// The report, measured on the samples in ``file``.
    public let report: ProtectionReport
    /// The additional files that were requested.
    public let attachments: [AttachmentKind: [UInt8]]
    /// The durations of the steps; `nil` if the codec reported none or implausible ones.
    public let durations: StageDurations?

    /// Creates a protected image.
    public init(
        file: [UInt8],
        report: ProtectionReport,
        attachments: [AttachmentKind: [UInt8]] = [:],
        durations: StageDurations?
    ) {
        self.file = file
        self.report = report
        self.attachments = attachments
        self.durations = durations
    }

    /// The size of the file and the attachments in bytes.
    public var byteCount: Int { attachments.values.reduce(file.count) { $0 + $1.count } }
}
