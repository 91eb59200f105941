/// The results of a verification, one line each.
struct Findings {
    private var lines: [(name: String, text: String)] = []

    /// Whether no check has failed.
    private(set) var isGood = true

    /// Adds a check, which decides the outcome together with the others.
    mutating func add(_ name: String, isGood: Bool, _ text: String) {
        lines.append((name, isGood ? text : "\(text)  <--"))
        self.isGood = self.isGood && isGood
    }

    /// Adds a line that does not affect the outcome.
    mutating func note(_ name: String, _ text: String) {
        lines.append((name, text))
    }

    /// All lines and the outcome.
    var text: String {
        let width = (lines.map(\.name.count).max() ?? 0) + 2
        let padded = lines.map {
            $0.name + String(repeating: " ", count: width - $0.name.count) + $0.text
        }
        return (padded + [isGood ? "verified" : "NOT verified"]).joined(separator: "\n")
    }
}
