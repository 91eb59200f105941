/// Finds out whether something can be written, seldom however often it is asked: `/readyz` needs no
/// key.
actor WriteProbe {
    /// How long an answer holds that all is well.
    private static let goodFor: Duration = .seconds(5)
    /// How long one holds that it is not, so that an end is seen soon.
    private static let badFor: Duration = .seconds(1)

    private var last: (fault: String?, until: ContinuousClock.Instant)?
    private var running: Task<String?, Never>?

    /// Finds out whether something can be written, or tells what was found a moment ago.
    ///
    /// - Parameter attempt: Writes something, and throws if it could not.
    /// - Returns: Why nothing can be written; `nil` if it can.
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
