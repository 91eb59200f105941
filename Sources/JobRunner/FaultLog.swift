import Logging
import Synchronization

/// Logs an error that many workers keep meeting only once per interval.
final class FaultLog: Sendable {
    private static let interval: Duration = .seconds(30)

    private let logger: Logger
    private let last = Mutex<[String: ContinuousClock.Instant]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    /// Logs an error unless the same one was logged within the last 30 s.
    func error(_ message: Logger.Message, _ error: any Error) { log(.error, message, error) }

    /// The same for an error that costs nothing as long as it passes.
    func warning(_ message: Logger.Message, _ error: any Error) { log(.warning, message, error) }

    private func log(_ level: Logger.Level, _ message: Logger.Message, _ error: any Error) {
        let now = ContinuousClock.now
        let isNew = last.withLock { last in
            let name = "\(message) \(error)"
            if let time = last[name], now - time < Self.interval { return false }
            last = last.filter { now - $0.value < Self.interval }
            last[name] = now
            return true
        }
        if isNew { logger.log(level: level, message, metadata: ["error": "\(error)"]) }
    }
}
