/// The results of a verification, one for each thing that was looked at.
struct Findings: Encodable {
    /// One result.
    struct Finding: Encodable {
        let name: String
        let text: String
        /// Whether the check was passed; `nil` for what is only told.
        let isGood: Bool?
    }

    private(set) var findings: [Finding] = []

    /// Whether no check has failed.
    private(set) var isVerified = true

    /// Whether a bound on the change was checked, so that the outcome is worth more than a
    /// measurement.
    private(set) var hasBound = true

    /// Adds a check, which decides the outcome together with the others.
    mutating func add(_ name: String, isGood: Bool, _ text: String) {
        findings.append(Finding(name: name, text: text, isGood: isGood))
        isVerified = isVerified && isGood
    }

    /// Adds a result that does not affect the outcome.
    mutating func note(_ name: String, _ text: String) {
        findings.append(Finding(name: name, text: text, isGood: nil))
    }

    /// Tells the largest change where no bound can be checked.
    mutating func noteUnbounded(_ name: String, _ text: String) {
        note(name, text)
        hasBound = false
    }

    /// A line for each result, and the outcome.
    var text: String {
        let width = (findings.map(\.name.count).max() ?? 0) + 2
        let lines = findings.map {
            $0.name + String(repeating: " ", count: width - $0.name.count) + $0.text
                + ($0.isGood == false ? "  <--" : "")
        }
        let outcome = hasBound ? "verified" : "measured, without a bound"
        return (lines + [isVerified ? outcome : "NOT verified"]).joined(separator: "\n")
    }
}
