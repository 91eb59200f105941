import JobModel

/// Measures how long the stages of one protection take.
struct StageClock {
    /// In seconds; 0 for stages that have not ended.
    private(set) var durations = StageDurations(decode: 0, network: 0, encode: 0)
    private var last = ContinuousClock.now

    /// Ends a stage that began with the clock or with the end of the stage before.
    mutating func lap(_ stage: WritableKeyPath<StageDurations, Double>) {
        let now = ContinuousClock.now
        durations[keyPath: stage] = last.duration(to: now) / .seconds(1)
        last = now
    }
}
