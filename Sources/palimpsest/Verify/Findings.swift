/// What a check found, a line for each point.
struct Findings {
    private var lines: [(name: String, text: String)] = []

    /// Whether no point was bad.
    private(set) var isGood = true

    /// Adds a point on which the outcome hangs.
    mutating func add(_ name: String, isGood: Bool, _ text: String) {
        lines.append((name, isGood ? text : "\(text)  <--"))
        self.isGood = self.isGood && isGood
    }

    /// Adds a point that is only told.
    mutating func note(_ name: String, _ text: String) {
        lines.append((name, text))
    }

    /// The points and the outcome.
    var text: String {
        let width = (lines.map(\.name.count).max() ?? 0) + 2
        let padded = lines.map {
            $0.name + String(repeating: " ", count: width - $0.name.count) + $0.text
        }
        return (padded + [isGood ? "verified" : "NOT verified"]).joined(separator: "\n")
    }
}
