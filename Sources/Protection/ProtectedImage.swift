public import JobModel

/// A protected image as it is delivered, with what was done to it.
public struct ProtectedImage: Sendable, Equatable {
    /// The PNG file.
    public let png: [UInt8]

    /// The report, measured on the samples in ``png``.
    public let report: ProtectionReport

    /// What else was asked for.
    public let attachments: [AttachmentKind: [UInt8]]
}
