/// The number of files that were skipped in an upload or in a run's folders, with examples.
///
/// JSON: `{"total", "reasons": {REASON: COUNT}, "examples": [PATH]}`, with each ``PassOverReason``
/// that occurred.
public struct PassedOver: Sendable, Equatable {
    /// The maximum number of example paths.
    public static let maxExamples = 10

    /// The number of files for each reason that occurred.
    public private(set) var counts: [PassOverReason: Int] = [:]
    /// The paths of the first files, in the form of ``SourcePath/shown(_:)``.
    public private(set) var examples: [String] = []

    /// Creates an empty count.
    public init() {}

    /// The number of files.
    public var total: Int { counts.values.reduce(0, +) }

    /// Counts a file.
    ///
    /// - Parameters:
    ///   - source: The path of the file.
    ///   - reason: Why the file is skipped.
    public mutating func add(_ source: String, _ reason: PassOverReason) {
        counts[reason, default: 0] += 1
        if examples.count < Self.maxExamples { examples.append(SourcePath.shown(source)) }
    }

    /// Adds another count.
    public mutating func add(contentsOf other: PassedOver) {
        counts.merge(other.counts, uniquingKeysWith: +)
        examples = Array((examples + other.examples).prefix(Self.maxExamples))
    }

    /// The counts in words, such as `2 hidden, 1 video`; empty if there are none.
    public var words: String {
        PassOverReason.allCases.compactMap { reason in
            counts[reason].map { "\($0) \(reason.words($0))" }
        }.joined(separator: ", ")
    }
}

extension PassOverReason {
    fileprivate func words(_ count: Int) -> String {
        switch self {
        case .hidden: "hidden"
        case .system: "of the system"
        case .video: count == 1 ? "video" : "videos"
        case .sidecar: count == 1 ? "sidecar" : "sidecars"
        case .link: count == 1 ? "link or device" : "links or devices"
        case .other: count == 1 ? "that is no picture" : "that are no pictures"
        }
    }
}

extension PassedOver: Codable {
    private enum CodingKeys: String, CodingKey {
        case total, reasons, examples
    }

    /// Decodes the counts, ignoring reasons of later versions.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        for (name, count) in try container.decode([String: Int].self, forKey: .reasons) {
            if let reason = PassOverReason(rawValue: name) { counts[reason] = count }
        }
        examples = try container.decode([String].self, forKey: .examples)
    }

    /// Encodes the counts and their total.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(total, forKey: .total)
        let named = counts.map { ($0.key.rawValue, $0.value) }
        try container.encode(Dictionary(named, uniquingKeysWith: +), forKey: .reasons)
        try container.encode(examples, forKey: .examples)
    }
}
