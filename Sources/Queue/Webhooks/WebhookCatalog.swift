public import JobModel

/// The webhooks of keys, and the messages to them.
///
/// A key has at most one. The end of a job and its message are one transaction. A message is
/// delivered at least once: one whose attempt was interrupted is due again.
public protocol WebhookCatalog: Sendable {
    /// The webhook of a key; `nil` if it has none.
    func webhook(of tenant: APIKeyID) async throws(StoreError) -> Webhook?

    /// Gives a key a webhook, in place of one that it has; messages that wait go to the new one.
    ///
    /// - Parameters:
    ///   - url: The receiver's address.
    ///   - secret: What signs the messages, 32 bytes.
    ///   - tenant: The key.
    /// - Returns: Whether the key had none.
    /// - Throws: ``StoreError``.
    func putWebhook(
        _ url: String,
        secret: [UInt8],
        of tenant: APIKeyID
    ) async throws(StoreError) -> Bool

    /// Takes a key's webhook away, with all messages.
    ///
    /// - Returns: Whether it had one.
    /// - Throws: ``StoreError``.
    func removeWebhook(of tenant: APIKeyID) async throws(StoreError) -> Bool

    /// Adds a message of the kind ``WebhookMessage/Kind/test``.
    ///
    /// - Returns: The message; `nil` if the key has no webhook, or a disabled one.
    /// - Throws: ``StoreError``.
    func addTestMessage(of tenant: APIKeyID) async throws(StoreError) -> WebhookMessage?

    /// A page of the messages of a key, newest first.
    ///
    /// - Parameters:
    ///   - tenant: The key.
    ///   - cursor: ``WebhookMessagePage/nextCursor`` of the page before; `nil` for the first page.
    ///   - limit: The most messages, 1 to 1000.
    /// - Returns: The page.
    /// - Throws: ``StoreError/invalidCursor``, errors of the database.
    func webhookMessages(
        of tenant: APIKeyID,
        cursor: String?,
        limit: Int
    ) async throws(StoreError) -> WebhookMessagePage

    /// Makes a message due at once, be it delivered or given up, with all attempts before it again.
    ///
    /// - Returns: The message; `nil` if the key has no such message, or its webhook is disabled.
    /// - Throws: ``StoreError``.
    func resendWebhookMessage(
        _ id: String,
        of tenant: APIKeyID
    ) async throws(StoreError) -> WebhookMessage?

    /// The messages that are due, at most one for each key, oldest first.
    ///
    /// Those of keys that expired or were revoked, and of disabled webhooks, are not: who had such
    /// a key is told nothing more.
    ///
    /// - Parameters:
    ///   - limit: The most messages.
    ///   - busy: Keys whose messages are not wanted now.
    /// - Returns: The messages.
    /// - Throws: ``StoreError``.
    func dueWebhookMessages(
        limit: Int,
        sparing busy: Set<APIKeyID>
    ) async throws(StoreError) -> [DueMessage]

    /// Writes what an attempt has made of a message; a message that is gone stays gone.
    func noteWebhookAttempt(
        _ attempt: WebhookAttempt,
        of due: DueMessage
    ) async throws(StoreError)

    /// Forgets messages that were delivered or given up a week ago, some at a time.
    func forgetWebhookMessages() async throws(StoreError)
}
