/// Tests whether data can be written, and caches the result.
///
/// The cache bounds the load: `/readyz` requires no key, so anybody may ask at any rate.
actor WriteProbe {
    /// How long a success is cached.
    private static let goodFor: Duration = .seconds(5)
    /// How long a failure is cached; shorter, so that recovery shows soon.
    private static let badFor: Duration = .seconds(1)
    /// How long to wait for an attempt: a standby that is away may hold one up for minutes.
    private let patience: Duration

    private var last: (fault: String?, until: ContinuousClock.Instant)?
    private var running: Task<String?, Never>?

    /// Creates a probe.
    ///
    /// - Parameter patience: How long to wait for an attempt; it goes on afterwards.
    init(patience: Duration = .seconds(10)) {
        self.patience = patience
    }

    /// Tests whether data can be written, or returns the cached result.
    ///
    /// Concurrent calls share one attempt.
    ///
    /// - Parameter attempt: Writes something, and throws if that fails.
    /// - Returns: A description of the fault; `nil` if writing works.
    func fault(_ attempt: @escaping @Sendable () async throws -> Void) async -> String? {
        if let last, ContinuousClock.now < last.until { return last.fault }
        if let running { return await answer(of: running) }
        let task = Task { () -> String? in
            do {
                try await attempt()
                return nil
            } catch {
                return "\(error)"
            }
        }
        running = task
        Task { note(await task.value) }
        return await answer(of: task)
    }

    private func note(_ fault: String?) {
        last = (fault, .now + (fault == nil ? Self.goodFor : Self.badFor))
        running = nil
    }

    /// The answer of an attempt, or that there is none yet.
    private func answer(of attempt: Task<String?, Never>) async -> String? {
        let (answers, continuation) = AsyncStream<String?>.makeStream()
        let waiting = Task { continuation.yield(await attempt.value) }
        let timer = Task { [patience] in
            try? await Task.sleep(for: patience)
            continuation.yield("there was no answer for \(patience.components.seconds) seconds")
        }
        defer {
            waiting.cancel()
            timer.cancel()
        }
        for await answer in answers { return answer }
        return nil
    }
}
