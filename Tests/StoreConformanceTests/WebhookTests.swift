import Cryptography
import JobModel
import Queue
import StoreHarness
import Testing

/// Webhooks and the messages to them.
@Suite struct WebhookTests {
    let test: TestStore
    let store: any Store

    init() throws {
        test = try TestStore()
        store = try test.open()
    }

    private static let secret = [UInt8](repeating: 7, count: 32)

    private func makeKey(_ name: String = "a") async throws -> APIKey {
        let secret = APIKeySecret(presented: "plm_\(name)")
        return try await store.createKey(
            name: name,
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        )
    }

    private func makeJob(_ key: APIKey) async throws -> Job {
        try await store.job(key.id, sizes: [4])
    }

    private func due() async throws -> [DueMessage] {
        try await store.dueWebhookMessages(limit: 10, sparing: [])
    }

    @Test func aWebhookIsMadeReplacedAndRemoved() async throws {
        let key = try await makeKey()
        #expect(try await store.webhook(of: key.id) == nil)
        #expect(try await store.putWebhook("https://a", secret: Self.secret, of: key.id))
        let first = try #require(try await store.webhook(of: key.id))
        #expect(first.url == "https://a" && first.secret == Self.secret)
        test.clock.advance(by: .seconds(1))
        let other = [UInt8](repeating: 8, count: 32)
        #expect(try await !store.putWebhook("https://b", secret: other, of: key.id))
        let second = try #require(try await store.webhook(of: key.id))
        #expect(second.url == "https://b" && second.secret == other)
        #expect(second.createdAt == first.createdAt + 1000)
        #expect(try await store.addTestMessage(of: key.id) != nil)
        #expect(try await store.removeWebhook(of: key.id))
        #expect(try await !store.removeWebhook(of: key.id))
        #expect(try await due().isEmpty)
    }

    @Test func theEndOfAJobIsTold() async throws {
        let (key, other) = (try await makeKey(), try await makeKey("b"))
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        let job = try await makeJob(key)
        _ = try await makeJob(other)
        #expect(try await due().isEmpty)
        _ = try await store.cancelJob(job.id, tenant: key.id)
        let told = try #require(try await due().first)
        #expect(told.tenant == key.id && told.webhook.url == "https://a")
        #expect(told.message.kind == .jobFinished && told.message.state == .waiting)
        #expect(told.message.data.contains(job.id.text))
        #expect(told.message.data.contains(#""state":"cancelled""#))
        #expect(told.message.data.contains(#""cancelled":1"#))
    }

    @Test func aMessageIsDueAgainUntilItIsDelivered() async throws {
        let key = try await makeKey()
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        _ = try await store.addTestMessage(of: key.id)
        let first = try #require(try await due().first)
        let later = test.clock.now + 5000
        try await store.noteWebhookAttempt(WebhookAttempt(status: 500, nextAt: later), of: first)
        #expect(try await due().isEmpty)
        test.clock.advance(by: .seconds(5))
        let second = try #require(try await due().first)
        #expect(second.message.id == first.message.id && second.message.attempts == 1)
        #expect(second.message.lastStatus == 500)
        try await store.noteWebhookAttempt(WebhookAttempt(status: 204), of: second)
        #expect(try await due().isEmpty)
        let page = try await store.webhookMessages(of: key.id, cursor: nil, limit: 10)
        #expect(page.messages.map(\.state) == [.delivered])
        #expect(page.messages.map(\.attempts) == [2])
    }

    @Test func aMessageThatWasGivenUpCanBeSentAgain() async throws {
        let (key, other) = (try await makeKey(), try await makeKey("b"))
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        let message = try #require(try await store.addTestMessage(of: key.id))
        let first = try #require(try await due().first)
        try await store.noteWebhookAttempt(WebhookAttempt(error: "It broke."), of: first)
        let page = try await store.webhookMessages(of: key.id, cursor: nil, limit: 10)
        #expect(page.messages.map(\.state) == [.failed])
        #expect(page.messages.map(\.lastError) == ["It broke."])
        #expect(try await store.resendWebhookMessage(message.id, of: other.id) == nil)
        let again = try #require(try await store.resendWebhookMessage(message.id, of: key.id))
        #expect(again.attempts == 0 && again.state == .waiting)
        #expect(try await due().map(\.message.id) == [message.id])
    }

    @Test func oneMessageOfAKeyIsDueAtATimeAndNoneOfABusyKey() async throws {
        let (key, other) = (try await makeKey(), try await makeKey("b"))
        for one in [key, other] {
            _ = try await store.putWebhook("https://a", secret: Self.secret, of: one.id)
        }
        let first = try #require(try await store.addTestMessage(of: key.id))
        _ = try await store.addTestMessage(of: key.id)
        let third = try #require(try await store.addTestMessage(of: other.id))
        #expect(try await due().map(\.message.id) == [first.id, third.id])
        let spared = try await store.dueWebhookMessages(limit: 10, sparing: [key.id])
        #expect(spared.map(\.message.id) == [third.id])
        #expect(try await store.dueWebhookMessages(limit: 1, sparing: []).count == 1)
    }

    @Test func aReceiverThatWantsNoMessagesGetsNone() async throws {
        let key = try await makeKey()
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        _ = try await store.addTestMessage(of: key.id)
        let told = try #require(try await due().first)
        var attempt = WebhookAttempt(status: 410)
        attempt.disablesWebhook = true
        try await store.noteWebhookAttempt(attempt, of: told)
        #expect(try await store.webhook(of: key.id)?.disabledAt == test.clock.now)
        #expect(try await store.addTestMessage(of: key.id) == nil)
        #expect(try await store.resendWebhookMessage(told.message.id, of: key.id) == nil)
        // A new one begins anew.
        test.clock.advance(by: .seconds(1))
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        #expect(try await store.webhook(of: key.id)?.disabledAt == nil)
    }

    @Test func whoseKeyWasRevokedIsToldNothing() async throws {
        let key = try await makeKey()
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        _ = try await store.addTestMessage(of: key.id)
        #expect(try await due().count == 1)
        try await store.revokeKey(key.id)
        #expect(try await due().isEmpty)
    }

    @Test func messagesArePagedNewestFirstAndForgottenAfterAWeek() async throws {
        let key = try await makeKey()
        _ = try await store.putWebhook("https://a", secret: Self.secret, of: key.id)
        var made: [String] = []
        for _ in 0..<3 {
            made.append(try #require(try await store.addTestMessage(of: key.id)).id)
        }
        let first = try await store.webhookMessages(of: key.id, cursor: nil, limit: 2)
        #expect(first.messages.map(\.id) == [made[2], made[1]])
        let rest = try await store.webhookMessages(
            of: key.id,
            cursor: first.nextCursor,
            limit: 2
        )
        #expect(rest.messages.map(\.id) == [made[0]] && rest.nextCursor == nil)
        await #expect(throws: StoreError.invalidCursor) {
            try await store.webhookMessages(of: key.id, cursor: "x", limit: 2)
        }
        let told = try #require(try await due().first)
        try await store.noteWebhookAttempt(WebhookAttempt(status: 200), of: told)
        test.clock.advance(by: .seconds(7 * 24 * 3600 - 1))
        try await store.forgetWebhookMessages()
        var left = try await store.webhookMessages(of: key.id, cursor: nil, limit: 10)
        #expect(left.messages.count == 3)
        test.clock.advance(by: .seconds(1))
        try await store.forgetWebhookMessages()
        left = try await store.webhookMessages(of: key.id, cursor: nil, limit: 10)
        // What waits still is kept.
        #expect(left.messages.map(\.id) == [made[2], made[1]])
    }
}
