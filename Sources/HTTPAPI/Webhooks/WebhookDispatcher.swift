import FoundationEssentials
import JobModel
import Logging
import Operations
import Queue
import Synchronization
import Webhooks

/// Sends the messages that are due, for as long as the service runs.
///
/// At most one message of each key is under way, so that a receiver that hangs delays nobody
/// else's, and the messages of a key arrive in their order as long as none fails. What a stop
/// interrupts is sent again by the next run.
final class WebhookDispatcher: Sendable {
    /// The most attempts at once.
    static let width = 4
    /// How often the store is asked.
    private static let interval: Duration = .seconds(1)

    private let store: any Store
    private let sender: WebhookSender
    private let logger: Logger
    /// Whether this node does what only one may do.
    private let leads: @Sendable () -> Bool
    /// The keys whose messages are under way.
    private let busy = Mutex<Set<APIKeyID>>([])

    init(
        store: any Store,
        sender: WebhookSender,
        logger: Logger,
        leads: @escaping @Sendable () -> Bool
    ) {
        self.store = store
        self.sender = sender
        self.logger = logger
        self.leads = leads
    }

    /// Runs until the task is cancelled; attempts under way are not waited for.
    func run() async {
        while !Task.isCancelled {
            do {
                if leads() { try await startDue() }
            } catch {
                logger.error("webhooks cannot be read", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    private func startDue() async throws(StoreError) {
        let under = busy.withLock { $0 }
        let free = Self.width - under.count
        guard free > 0 else { return }
        for due in try await store.dueWebhookMessages(limit: free, sparing: under) {
            busy.withLock { _ = $0.insert(due.tenant) }
            Task {
                await deliver(due)
                busy.withLock { _ = $0.remove(due.tenant) }
            }
        }
    }

    private func deliver(_ due: DueMessage) async {
        let message = due.message
        let outcome = await send(message, to: due.webhook)
        let attempt = attempt(outcome, after: message.attempts)
        let isAccepted = outcome.isAccepted
        logger.info(
            isAccepted ? "webhook delivered" : "webhook not delivered",
            metadata: [
                "key.id": "\(due.tenant)", "message.id": "\(message.id)",
                "message.attempts": .stringConvertible(message.attempts + 1),
                "reason": attempt.error.map { "\($0)" }
                    ?? attempt.status.map { .stringConvertible($0) } ?? "-",
            ]
        )
        do {
            try await store.noteWebhookAttempt(attempt, of: due)
        } catch {
            // It is due still, so it is sent again.
            logger.warning("a webhook's attempt was not noted", metadata: ["error": "\(error)"])
        }
    }

    private func send(_ message: WebhookMessage, to webhook: Webhook) async -> WebhookOutcome {
        // A later version may refuse what an earlier one took.
        guard let url = WebhookURL(webhook.url) else {
            return .failed("The url is not one that this version takes.")
        }
        return await sender.send(
            Self.body(of: message),
            id: message.id,
            timestamp: Int64(Date().timeIntervalSince1970),
            to: url,
            signedBy: WebhookSecret(bytes: webhook.secret)
        )
    }

    private func attempt(_ outcome: WebhookOutcome, after attempts: Int) -> WebhookAttempt {
        var attempt =
            switch outcome {
            case .answered(let status): WebhookAttempt(status: status)
            case .failed(let reason): WebhookAttempt(error: reason)
            }
        attempt.disablesWebhook = outcome.isGone
        guard !outcome.isAccepted, !outcome.isGone else { return attempt }
        let pause = RetrySchedule.pause(
            afterAttempts: attempts + 1,
            fraction: .random(in: 0...1)
        )
        attempt.nextAt = pause.map { store.currentTime + Int64($0 / .milliseconds(1)) }
        return attempt
    }

    /// The message as JSON, the same bytes in every attempt.
    private static func body(of message: WebhookMessage) -> [UInt8] {
        let time = Timestamp.text(message.createdAt)
        let kind = message.kind.rawValue
        return Array(
            "{\"type\":\"\(kind)\",\"timestamp\":\"\(time)\",\"data\":\(message.data)}".utf8
        )
    }
}
