import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// The webhook of a key.
    public func webhook(of tenant: APIKeyID) async throws(StoreError) -> Webhook? {
        try await readOnce { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM webhooks WHERE tenant = ?",
                arguments: [tenant.text]
            ).map(Webhook.init(row:))
        }
    }

    /// Gives a key a webhook.
    public func putWebhook(
        _ url: String,
        secret: [UInt8],
        of tenant: APIKeyID
    ) async throws(StoreError) -> Bool {
        let time = now()
        return try await write { db in
            let isNew = try !Self.hasWebhook(db, of: tenant)
            try db.execute(
                sql: """
                    INSERT INTO webhooks (tenant, url, secret, created_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (tenant) DO UPDATE SET url = excluded.url, secret = excluded.secret,
                        created_at = excluded.created_at, disabled_at = NULL
                    """,
                arguments: [tenant.text, url, Data(secret), time]
            )
            return isNew
        }
    }

    /// Takes a key's webhook away, with all messages.
    public func removeWebhook(of tenant: APIKeyID) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM webhooks WHERE tenant = ?",
                arguments: [tenant.text]
            )
            return db.changesCount > 0
        }
    }

    private static func hasWebhook(_ db: Database, of tenant: APIKeyID) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: "SELECT EXISTS (SELECT 1 FROM webhooks WHERE tenant = ?)",
            arguments: [tenant.text]
        ) ?? false
    }
}
