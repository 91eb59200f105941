/// A protected picture as it is delivered, with what was done to it.
public struct ProtectedImage: Sendable, Equatable {
    /// The PNG file.
    public let png: [UInt8]
    /// The report, measured on the samples in ``png``.
    public let report: ProtectionReport
    /// What else was asked for.
    public let attachments: [AttachmentKind: [UInt8]]
    /// How long the steps took; `nil` if whoever made it did not say so credibly.
    public let durations: StageDurations?

    /// Puts them together.
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

    /// The bytes of the files together.
    public var byteCount: Int { attachments.values.reduce(png.count) { $0 + $1.count } }
}
