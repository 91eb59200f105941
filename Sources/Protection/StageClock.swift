import JobModel

/// Measures the duration of each stage of one protection.
struct StageClock {
    /// The durations in seconds; 0 for stages that have not ended.
    private(set) var durations = StageDurations(decode: 0, network: 0, encode: 0)
    private var last = ContinuousClock.now

    /// Ends a stage that began when the previous one ended or the clock was created.
    mutating func lap(_ stage: WritableKeyPath<StageDurations, Double>) {
        let now = ContinuousClock.now
        durations[keyPath: stage] = last.duration(to: now) / .seconds(1)
        last = now
    }
}
