/// A protected picture, its report and its attachments.
public struct ProtectedImage: Sendable, Equatable {
    /// The bytes of the PNG file.
    public let png: [UInt8]
    /// The report, measured on the samples in ``png``.
    public let report: ProtectionReport
    /// The additional files that were requested.
    public let attachments: [AttachmentKind: [UInt8]]
    /// The durations of the steps; `nil` if the codec reported none or implausible ones.
    public let durations: StageDurations?

    /// Creates a protected image.
    public init(
        png: [UInt8],
        report: ProtectionReport,
        attachments: [AttachmentKind: [UInt8]] = [:],
        durations: StageDurations?
    ) {
        self.png = png
        self.report = report
        self.attachments = attachments
        self.durations = durations
    }

    /// The size of the PNG and the attachments in bytes.
    public var byteCount: Int { attachments.values.reduce(png.count) { $0 + $1.count } }
}
