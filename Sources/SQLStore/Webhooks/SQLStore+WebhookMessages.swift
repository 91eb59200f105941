package import JobModel
package import Queue

extension SQLStore {
    /// How long messages are kept once they are delivered or given up: a week.
    private static var messageLifetime: Int64 { 7 * 24 * 60 * 60 * 1000 }
    /// The most messages to forget in one transaction.
    private static var forgottenAtOnce: Int { 500 }

    /// Adds a message that tries whether messages arrive.
    public func addTestMessage(
        of tenant: APIKeyID
    ) async throws(StoreError) -> WebhookMessage? {
        let id = WebhookMessage.randomID()
        return try await write { db in
            if db.isRepeated {
                let find = "SELECT * FROM webhook_messages WHERE id = ?"
                if let row = try db.row(find, [id]) { return try WebhookMessage(row: row) }
            }
            let time = try db.now
            return try db.row(
                """
                INSERT INTO webhook_messages (id, tenant, type, data, created_at, next_at)
                SELECT :id, tenant, 'webhook.test', '{}', CAST(:now AS BIGINT), CAST(:now AS BIGINT)
                FROM webhooks WHERE tenant = :tenant AND disabled_at IS NULL
                RETURNING *
                """,
                ["id": id, "now": time, "tenant": tenant.text]
            ).map(WebhookMessage.init(row:))
        }
    }

    /// A page of the messages of a key, newest first.
    public func webhookMessages(
        of tenant: APIKeyID,
        cursor: String?,
        limit: Int
    ) async throws(StoreError) -> WebhookMessagePage {
        var newest = Int64.max
        if let cursor {
            guard let place = Int64(cursor), place > 0, String(place) == cursor else {
                throw .invalidCursor
            }
            newest = place
        }
        return try await readOnce { [newest] db in
            let rows = try db.rows(
                """
                SELECT * FROM webhook_messages WHERE tenant = ? AND seq <= ?
                ORDER BY seq DESC LIMIT ?
                """,
                [tenant.text, newest, limit + 1]
            )
            return WebhookMessagePage(
                messages: try rows.prefix(limit).map(WebhookMessage.init(row:)),
                nextCursor: rows.count > limit ? String(try rows[limit]["seq"] as Int64) : nil
            )
        }
    }

    /// Makes a message due at once.
    public func resendWebhookMessage(
        _ id: String,
        of tenant: APIKeyID
    ) async throws(StoreError) -> WebhookMessage? {
        try await write { db in
            let time = try db.now
            return try db.row(
                """
                UPDATE webhook_messages
                SET next_at = :now, attempts = 0, ended_at = NULL, last_status = NULL,
                    last_error = NULL
                WHERE id = :id AND tenant = (
                    SELECT tenant FROM webhooks WHERE tenant = :tenant AND disabled_at IS NULL)
                RETURNING *
                """,
                ["now": time, "id": id, "tenant": tenant.text]
            ).map(WebhookMessage.init(row:))
        }
    }

    /// The messages that are due, at most one for each key.
    public func dueWebhookMessages(
        limit: Int,
        sparing busy: Set<APIKeyID>
    ) async throws(StoreError) -> [DueMessage] {
        try await readOnce { db in
            let time = try db.now
            let places = [String](repeating: "?", count: busy.count).joined(separator: ", ")
            let spared = busy.isEmpty ? "" : "AND tenant NOT IN (\(places))"
            let rows = try db.rows(
                """
                SELECT webhook_messages.*, webhooks.url, webhooks.secret, webhooks.disabled_at,
                    webhooks.created_at AS webhook_created_at
                FROM (SELECT min(seq) AS seq FROM webhook_messages
                    WHERE next_at <= ? \(spared) GROUP BY tenant) AS due
                    JOIN webhook_messages USING (seq)
                    JOIN webhooks ON webhooks.tenant = webhook_messages.tenant
                    JOIN api_keys ON api_keys.id = webhook_messages.tenant
                WHERE webhooks.disabled_at IS NULL AND api_keys.revoked_at IS NULL
                    AND (api_keys.expires_at IS NULL OR api_keys.expires_at > ?)
                ORDER BY webhook_messages.seq LIMIT ?
                """,
                [time] + .positional(busy.map { .text($0.text) }) + [time, limit]
            )
            return try rows.map(DueMessage.init(row:))
        }
    }

    /// Writes what an attempt has made of a message.
    public func noteWebhookAttempt(
        _ attempt: WebhookAttempt,
        of due: DueMessage
    ) async throws(StoreError) {
        try await write { db in
            // Its webhook may be taken away meanwhile, with all messages.
            try db.lock(.tenant(due.tenant.text))
            let time = try db.now
            try db.execute(
                """
                UPDATE webhook_messages
                SET attempts = attempts + 1, next_at = :next, last_status = :status,
                    last_error = :error, ended_at = :ended
                WHERE id = :id
                """,
                [
                    "next": attempt.nextAt, "status": attempt.status, "error": attempt.error,
                    "ended": attempt.nextAt == nil ? time : nil,
                    "id": due.message.id,
                ]
            )
            guard attempt.disablesWebhook else { return }
            // Not one that has replaced it meanwhile.
            try db.execute(
                "UPDATE webhooks SET disabled_at = ? WHERE tenant = ? AND created_at = ?",
                [time, due.tenant.text, due.webhook.createdAt]
            )
        }
    }

    /// Forgets old messages.
    public func forgetWebhookMessages() async throws(StoreError) {
        guard !isTimeInDoubt else { return }
        try await write { db in
            let time = try db.now
            try db.execute(
                """
                DELETE FROM webhook_messages WHERE seq IN (
                    SELECT seq FROM webhook_messages WHERE ended_at <= ? LIMIT ?)
                """,
                [time - Self.messageLifetime, Self.forgottenAtOnce]
            )
        }
    }
}
