/// The media types that a client accepts (RFC 9110 section 12.5.1).
public struct AcceptField: Sendable, Equatable {
    private struct MediaRange: Equatable {
        let essence: String
        let isRefused: Bool
    }

    private let ranges: [MediaRange]

    /// Decodes the value of an `Accept` field; `nil` if it is malformed.
    ///
    /// Several field lines are joined by commas beforehand.
    public init?(_ text: String) {
        var ranges: [MediaRange] = []
        for member in Grammar.listMembers(text) {
            guard let range = MediaType(member) else { return nil }
            let weight = range.parameter("q")
            guard weight.map(Self.isWeight) ?? true else { return nil }
            let isRefused = weight.map { $0.allSatisfy { $0 == "0" || $0 == "." } } ?? false
            ranges.append(MediaRange(essence: range.essence, isRefused: isRefused))
        }
        self.ranges = ranges
    }

    /// Whether the client accepts a type, given as ``MediaType/essence``.
    ///
    /// The most specific matching range decides. Parameters other than the weight are ignored, and
    /// a field without members counts as absent.
    public func accepts(_ essence: String) -> Bool {
        guard !ranges.isEmpty else { return true }
        let type = String(essence.prefix { $0 != "/" })
        for candidate in [essence, "\(type)/*", "*/*"] {
            if let range = ranges.first(where: { $0.essence == candidate }) {
                return !range.isRefused
            }
        }
        return false
    }

    /// Whether text is `0` or `1` with up to three decimals, at most 1 (RFC 9110 section 12.4.2).
    private static func isWeight(_ text: String) -> Bool {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = halves.count == 2 ? halves[1] : ""
        guard decimals.utf8.count <= 3, decimals.utf8.allSatisfy(Grammar.isDigit) else {
            return false
        }
        return halves[0] == "0" || (halves[0] == "1" && decimals.allSatisfy { $0 == "0" })
    }
}
