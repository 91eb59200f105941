import JobModel

/// A report that also names the photo; `verify` and this program read it like any other report.
struct NamedReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case source
    }

    /// The photo's path as named on the command line.
    let source: String
    let report: ProtectionReport

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(source, forKey: .source)
    }
}
