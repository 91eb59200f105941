import JobModel
import Queue

extension Webhook {
    init(row: SQLRow) throws {
        try self.init(
            url: row["url"],
            secret: row["secret"],
            createdAt: row["created_at"],
            disabledAt: row["disabled_at"]
        )
    }
}

extension WebhookMessage {
    init(row: SQLRow) throws {
        guard let kind = try Kind(rawValue: row["type"]) else {
            throw StoreError.corrupt("a message to a webhook is of no kind")
        }
        try self.init(
            id: row["id"],
            kind: kind,
            data: row["data"],
            createdAt: row["created_at"],
            attempts: row["attempts"],
            nextAt: row["next_at"],
            lastStatus: row["last_status"],
            lastError: row["last_error"]
        )
    }
}

extension DueMessage {
    init(row: SQLRow) throws {
        guard let tenant = try APIKeyID(row["tenant"] as String) else {
            throw StoreError.corrupt("a webhook is of no key")
        }
        try self.init(
            tenant: tenant,
            message: WebhookMessage(row: row),
            webhook: Webhook(
                url: row["url"],
                secret: row["secret"],
                createdAt: row["webhook_created_at"],
                disabledAt: row["disabled_at"]
            )
        )
    }
}

extension WebhookMessage {
    /// Draws the identifier of a new message.
    static func randomID() -> String {
        let digits = (0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" }
        return "msg_" + String(digits)
    }
}
