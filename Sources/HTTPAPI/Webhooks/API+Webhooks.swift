import HTTPServer
import HTTPTypes
import HTTPWire
import Logging
import Operations
import Queue
import Webhooks

/// `/v1/webhook`: where the key is told that its jobs have ended.
extension API {
    /// `PUT /v1/webhook`: makes or replaces the webhook; no other answer contains its secret.
    func putWebhook(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try requireWebhooks()
        try allow([], in: request.target)
        let url = try await JSONBody.decode(WebhookRequest.self, from: request).url
        if let refusal = settings.webhookPolicy.refusal(of: url) {
            throw APIError.parameterInvalid("url", refusal)
        }
        let secret = try WebhookSecret.generate()
        let isNew = try await store.putWebhook(url.text, secret: secret.bytes, of: key.id)
        // The address may hold a secret of the receiver's.
        logger.info("webhook made", metadata: ["key.id": "\(key.id)"])
        let webhook = try await webhook(of: key)
        return try answer(
            WebhookDocument(webhook, secret: secret),
            status: isNew ? .created : .ok
        )
    }

    /// `GET /v1/webhook`.
    func showWebhook(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try requireWebhooks()
        try allow([], in: request.target)
        return try answer(WebhookDocument(try await webhook(of: key)))
    }

    /// `DELETE /v1/webhook`: tells nothing any more, and forgets what was told.
    func removeWebhook(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try requireWebhooks()
        try allow([], in: request.target)
        guard try await store.removeWebhook(of: key.id) else { throw APIError.webhookMissing }
        logger.info("webhook removed", metadata: ["key.id": "\(key.id)"])
        return ServerResponse(status: .noContent)
    }

    /// `POST /v1/webhook/test`: sends a message that tells nothing.
    func testWebhook(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try requireWebhooks()
        try allow([], in: request.target)
        guard let message = try await store.addTestMessage(of: key.id) else {
            throw APIError.webhookMissing
        }
        return try answer(WebhookMessageDocument(message), status: .accepted)
    }

    /// `GET /v1/webhook/messages`.
    func listWebhookMessages(
        _ request: ServerRequest,
        key: APIKey
    ) async throws -> ServerResponse {
        try requireWebhooks()
        try allow(["cursor", "limit"], in: request.target)
        let page = try await store.webhookMessages(
            of: key.id,
            cursor: request.target.queryValue("cursor"),
            limit: try limit(request.target)
        )
        return try answer(
            WebhookMessageListDocument(
                messages: page.messages.map(WebhookMessageDocument.init),
                nextCursor: page.nextCursor
            )
        )
    }

    /// `POST /v1/webhook/messages/{id}/resend`.
    func resendWebhookMessage(
        _ request: ServerRequest,
        key: APIKey,
        id: String
    ) async throws -> ServerResponse {
        try requireWebhooks()
        try allow([], in: request.target)
        guard let message = try await store.resendWebhookMessage(id, of: key.id) else {
            throw APIError.messageUnknown
        }
        return try answer(WebhookMessageDocument(message), status: .accepted)
    }

    private func webhook(of key: APIKey) async throws -> Webhook {
        guard let webhook = try await store.webhook(of: key.id) else {
            throw APIError.webhookMissing
        }
        return webhook
    }

    private func requireWebhooks() throws(APIError) {
        guard settings.webhooks else { throw .webhooksOff }
    }
}

extension APIError {
    static let webhooksOff = APIError(
        .forbidden,
        "webhooks_off",
        "This service sends no webhooks, since its operator has not allowed them."
    )

    static let webhookMissing = APIError(
        .notFound,
        "webhook_missing",
        "The key has no webhook, or one whose receiver wants no messages any more; make one by PUT."
    )

    static let messageUnknown = APIError(
        .notFound,
        "message_unknown",
        "The key's webhook has no such message, or its receiver wants none any more."
    )
}
