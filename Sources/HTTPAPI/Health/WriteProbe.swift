/// Tests whether data can be written, and caches the result.
///
/// The cache bounds the load: `/readyz` requires no key, so anybody may ask at any rate.
actor WriteProbe {
    /// How long a success is cached.
    private static let goodFor: Duration = .seconds(5)
    /// How long a failure is cached; shorter, so that recovery shows soon.
    private static let badFor: Duration = .seconds(1)

    private var last: (fault: String?, until: ContinuousClock.Instant)?
    private var running: Task<String?, Never>?

    /// Tests whether data can be written, or returns the cached result.
    ///
    /// Concurrent calls share one attempt.
    ///
    /// - Parameter attempt: Writes something, and throws if that fails.
    /// - Returns: A description of the fault; `nil` if writing works.
    func fault(_ attempt: @escaping @Sendable () async throws -> Void) async -> String? {
        if let last, ContinuousClock.now < last.until { return last.fault }
        if let running { return await running.value }
        let task = Task { () -> String? in
            do {
                try await attempt()
                return nil
            } catch {
                return "\(error)"
            }
        }
        running = task
        let fault = await task.value
        last = (fault, .now + (fault == nil ? Self.goodFor : Self.badFor))
        running = nil
        return fault
    }
}
