import Operations
import Queue
import Webhooks

/// A key's webhook as the API shows it to the key's owner.
struct WebhookDocument: Encodable {
    let url: String
    /// `active`, or `disabled` once the receiver wants no messages any more.
    let state: String
    let createdAt: String
    /// Set only in the answer to the request that made the webhook.
    let secret: String?

    /// Describes a webhook.
    init(_ webhook: Webhook, secret: WebhookSecret? = nil) {
        url = webhook.url
        state = webhook.disabledAt == nil ? "active" : "disabled"
        createdAt = Timestamp.text(webhook.createdAt)
        self.secret = secret?.text
    }
}

/// A message to a webhook, and how its delivery stands.
struct WebhookMessageDocument: Encodable {
    let id: String
    let type: String
    let state: String
    let createdAt: String
    let attempts: Int
    let nextAttemptAt: String?
    let lastStatus: Int?
    let lastError: String?

    /// Describes a message.
    init(_ message: WebhookMessage) {
        id = message.id
        type = message.kind.rawValue
        state = message.state.rawValue
        createdAt = Timestamp.text(message.createdAt)
        attempts = message.attempts
        nextAttemptAt = message.nextAt.map(Timestamp.text)
        lastStatus = message.lastStatus
        lastError = message.lastError
    }
}

/// A page of messages.
struct WebhookMessageListDocument: Encodable {
    let messages: [WebhookMessageDocument]
    let nextCursor: String?
}
