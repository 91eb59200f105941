public import JobModel

/// Where a key wants to be told that its jobs have ended.
public struct Webhook: Sendable, Equatable {
    /// The receiver's address.
    public let url: String
    /// What signs the messages, 32 bytes.
    public let secret: [UInt8]
    /// When it was made or last replaced, in milliseconds since 1970.
    public let createdAt: Int64
    /// When the receiver wanted no messages any more; `nil` while it does.
    public let disabledAt: Int64?

    /// Creates a webhook.
    public init(url: String, secret: [UInt8], createdAt: Int64, disabledAt: Int64?) {
        self.url = url
        self.secret = secret
        self.createdAt = createdAt
        self.disabledAt = disabledAt
    }
}

/// One message to a webhook, and how its delivery stands.
public struct WebhookMessage: Sendable, Equatable {
    /// What a message tells.
    public enum Kind: String, Sendable, CaseIterable {
        /// A job has ended.
        case jobFinished = "job.finished"
        /// Somebody tries whether messages arrive.
        case test = "webhook.test"
    }

    /// How a delivery stands.
    public enum State: String, Sendable {
        /// It is to be sent, at ``WebhookMessage/nextAt``.
        case waiting
        /// The receiver has taken it.
        case delivered
        /// It is not sent any more.
        case failed
    }

    /// By which a receiver tells a repeated message.
    public let id: String
    /// What it tells.
    public let kind: Kind
    /// What happened, as JSON.
    public let data: String
    /// When it happened, in milliseconds since 1970.
    public let createdAt: Int64
    /// How often it was sent.
    public let attempts: Int
    /// When it is sent next; `nil` once it is not any more.
    public let nextAt: Int64?
    /// The status of the last answer; `nil` without one.
    public let lastStatus: Int?
    /// Why there was no answer to the last attempt.
    public let lastError: String?

    /// Creates a message.
    public init(
        id: String,
        kind: Kind,
        data: String,
        createdAt: Int64,
        attempts: Int,
        nextAt: Int64?,
        lastStatus: Int?,
        lastError: String?
    ) {
        self.id = id
        self.kind = kind
        self.data = data
        self.createdAt = createdAt
        self.attempts = attempts
        self.nextAt = nextAt
        self.lastStatus = lastStatus
        self.lastError = lastError
    }

    /// How its delivery stands.
    public var state: State {
        if nextAt != nil { return .waiting }
        return lastStatus.map { (200..<300).contains($0) } == true ? .delivered : .failed
    }
}

/// A message that is due, with where it goes.
public struct DueMessage: Sendable, Equatable {
    /// Whose webhook it is.
    public let tenant: APIKeyID
    /// The message.
    public let message: WebhookMessage
    /// The webhook.
    public let webhook: Webhook

    /// Creates a due message.
    public init(tenant: APIKeyID, message: WebhookMessage, webhook: Webhook) {
        self.tenant = tenant
        self.message = message
        self.webhook = webhook
    }
}

/// What an attempt to deliver a message makes of it.
public struct WebhookAttempt: Sendable, Equatable {
    /// The status of the answer; `nil` without one.
    public var status: Int?
    /// Why there was no answer.
    public var error: String?
    /// When it is sent next; `nil` if it is not any more.
    public var nextAt: Int64?
    /// Whether the receiver wants no messages any more.
    public var disablesWebhook = false

    /// Creates an attempt's result.
    public init(status: Int? = nil, error: String? = nil, nextAt: Int64? = nil) {
        self.status = status
        self.error = error
        self.nextAt = nextAt
    }
}

/// A page of a key's messages, newest first.
public struct WebhookMessagePage: Sendable, Equatable {
    /// The messages.
    public let messages: [WebhookMessage]
    /// What the next page is asked for with; `nil` on the last page.
    public let nextCursor: String?

    /// Creates a page.
    public init(messages: [WebhookMessage], nextCursor: String?) {
        self.messages = messages
        self.nextCursor = nextCursor
    }
}
