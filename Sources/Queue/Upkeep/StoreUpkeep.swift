/// What keeps a store healthy, and its clock.
public protocol StoreUpkeep: Sendable {
    /// The time that rows are written with, in milliseconds since 1970.
    ///
    /// It is the store's own: it goes on undisturbed when the wall clock is set, see
    /// ``followClock()``.
    var currentTime: Int64 { get }

    /// Whether nothing may be erased yet, because the clock may have been wrong when the machine
    /// started.
    var isTimeInDoubt: Bool { get }

    /// Looks at the wall clock, and follows it once it has stayed for a minute where it was set.
    ///
    /// What is unfinished or waits for its end moves with it. Call it every half minute.
    ///
    /// - Returns: By how many milliseconds the time was moved; 0 for not at all.
    /// - Throws: ``StoreError``; then everything is as it was.
    func followClock() async throws(StoreError) -> Int64

    /// Reads anything at all, for a readiness probe.
    func check() async throws(StoreError)

    /// Writes something, for a readiness probe.
    func checkWrites() async throws(StoreError)

    /// Keeps logs and indexes small, as far as that disturbs nobody; what cannot be done now waits.
    func tidy() async

    /// Closes the store; every later call fails.
    func close() throws(StoreError)
}
