import JobModel

/// A report with the path of the photo that it is about; `verify` and this program read it as any other report.
struct NamedReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case source
    }

    /// The photo's path as the call named it.
    let source: String
    let report: ProtectionReport

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(source, forKey: .source)
    }
}
