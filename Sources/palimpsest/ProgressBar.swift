/// Shows how far a run over many pictures is: a bar on a terminal, otherwise a line for every tenth.
struct ProgressBar {
    /// How many pictures are done.
    struct Count {
        /// All that are done, among them those that failed.
        var done = 0
        var failed = 0
        /// How many of those done took no time, so that they do not help to tell the time left.
        var untried = 0
    }

    private static let width = 30
    private static let redrawInterval: Duration = .milliseconds(100)

    let total: Int
    private let isQuiet: Bool
    private let isTerminal = StandardError.isTerminal
    private let start = ContinuousClock.now
    private var tenth = 0
    private var lastDrawn: ContinuousClock.Instant?

    /// Starts with no picture done.
    ///
    /// - Parameters:
    ///   - total: The number of pictures.
    ///   - isQuiet: Whether to show nothing.
    init(total: Int, isQuiet: Bool) {
        self.total = total
        self.isQuiet = isQuiet
    }

    /// Prints lines in place of the bar, which is drawn again below them.
    mutating func write(_ lines: String) {
        StandardError.write("\(isTerminal && !isQuiet ? "\r\u{1B}[K" : "")\(lines)")
        lastDrawn = nil
    }

    /// Shows how far the run is, if it is time.
    mutating func show(_ count: Count) {
        guard !isQuiet, total > 0 else { return }
        let failures = count.failed == 0 ? "" : ", \(count.failed) failed"
        guard isTerminal else {
            let tenth = count.done * 10 / total
            if tenth > self.tenth, count.done < total {
                self.tenth = tenth
                StandardError.write("\(count.done) of \(total) pictures\(failures)\n")
            }
            return
        }
        let now = ContinuousClock.now
        if let last = lastDrawn, now - last < Self.redrawInterval, count.done < total { return }
        lastDrawn = now
        let filled = Self.width * count.done / total
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: "-", count: Self.width - filled)
        StandardError.write(
            "\r[\(bar)] \(count.done)/\(total)\(failures)\(timeLeft(count, now))\u{1B}[K"
        )
    }

    private func timeLeft(_ count: Count, _ now: ContinuousClock.Instant) -> String {
        let tried = count.done - count.untried
        guard tried > 0, count.done < total else { return "" }
        let left = (now - start) / tried * (total - count.done)
        let seconds = left.components.seconds + 1
        return seconds < 60 ? ", \(seconds) s left" : ", \(seconds / 60) min \(seconds % 60) s left"
    }
}
