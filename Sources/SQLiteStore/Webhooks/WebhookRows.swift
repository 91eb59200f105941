import FoundationEssentials
import GRDB
import JobModel
import Queue

extension Webhook {
    init(row: Row) {
        self.init(
            url: row["url"],
            secret: [UInt8](row["secret"] as Data),
            createdAt: row["created_at"],
            disabledAt: row["disabled_at"]
        )
    }
}

extension WebhookMessage {
    init(row: Row) throws {
        guard let kind = Kind(rawValue: row["type"]) else {
            throw StoreError.corrupt("a message to a webhook is of no kind")
        }
        self.init(
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
    init(row: Row) throws {
        guard let tenant = APIKeyID(row["tenant"] as String) else {
            throw StoreError.corrupt("a webhook is of no key")
        }
        self.init(
            tenant: tenant,
            message: try WebhookMessage(row: row),
            webhook: Webhook(
                url: row["url"],
                secret: [UInt8](row["secret"] as Data),
                createdAt: row["webhook_created_at"],
                disabledAt: row["disabled_at"]
            )
        )
    }
}
