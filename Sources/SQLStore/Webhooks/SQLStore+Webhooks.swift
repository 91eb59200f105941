package import JobModel
package import Queue

extension SQLStore {
    /// The webhook of a key.
    public func webhook(of tenant: APIKeyID) async throws(StoreError) -> Webhook? {
        try await readOnce { db in
            try db.row("SELECT * FROM webhooks WHERE tenant = ?", [tenant.text]).map(
                Webhook.init(row:)
            )
        }
    }

    /// Gives a key a webhook.
    public func putWebhook(
        _ url: String,
        secret: [UInt8],
        of tenant: APIKeyID
    ) async throws(StoreError) -> Bool {
        try await write { lost, next in
            lost || next
        } _: { db in
            try db.lock(.tenant(tenant.text))
            let time = try db.now
            let isNew = try !Self.hasWebhook(db, of: tenant)
            try db.execute(
                """
                INSERT INTO webhooks (tenant, url, secret, created_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (tenant) DO UPDATE SET url = excluded.url, secret = excluded.secret,
                    created_at = excluded.created_at, disabled_at = NULL
                """,
                [tenant.text, url, secret, time]
            )
            return isNew
        }
    }

    /// Takes a key's webhook away, with all messages.
    public func removeWebhook(of tenant: APIKeyID) async throws(StoreError) -> Bool {
        try await write { lost, next in
            lost || next
        } _: { db in
            try db.lock(.tenant(tenant.text))
            return try db.execute("DELETE FROM webhooks WHERE tenant = ?", [tenant.text]) > 0
        }
    }

    private static func hasWebhook(_ db: any SQLSession, of tenant: APIKeyID) throws -> Bool {
        try db.value(
            Bool.self,
            "SELECT EXISTS (SELECT 1 FROM webhooks WHERE tenant = ?)",
            [tenant.text]
        ) ?? false
    }
}
