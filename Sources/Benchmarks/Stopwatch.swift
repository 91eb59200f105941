/// Times repeated calls.
enum Stopwatch {
    /// Returns the wall time of each call of `body` in milliseconds, after one warm-up call.
    static func milliseconds(repetitions: Int, _ body: () throws -> Void) rethrows -> [Double] {
        try body()
        let clock = ContinuousClock()
        return try (0..<repetitions).map { _ in
            let start = clock.now
            try body()
            return milliseconds(start.duration(to: clock.now))
        }
    }

    /// Converts a duration to milliseconds.
    static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) * 1e-15
    }
}
