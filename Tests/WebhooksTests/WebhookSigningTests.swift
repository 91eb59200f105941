import Testing

@testable import Webhooks

@Suite("Signing and repeating messages")
struct WebhookSigningTests {
    @Test("The signature is that of the Standard Webhooks reference implementation")
    func signs() {
        // standardwebhooks 1.1.0 for Python: Webhook("whsec_AAEC…Hh8=").sign("msg_1", …)
        let secret = WebhookSecret(bytes: Array(0..<32))
        #expect(secret.text == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        let signature = secret.signature(
            of: Array(#"{"type":"webhook.test"}"#.utf8),
            id: "msg_1",
            timestamp: 1_700_000_000
        )
        #expect(signature == "v1,xxZtt7j7yM1ifYrYyXeSlFsSXiLDory+irN4YhasdnI=")
        #expect("\(secret)" == "whsec_…")
    }

    @Test("Pauses grow from seconds to a day, and end after some three days")
    func pauses() throws {
        var total = Duration.zero
        var last = Duration.zero
        for attempt in 1..<RetrySchedule.maxAttempts {
            let pause = try #require(
                RetrySchedule.pause(afterAttempts: attempt, fraction: 0)
            )
            #expect(pause > last)
            let longest = try #require(RetrySchedule.pause(afterAttempts: attempt, fraction: 1))
            #expect(longest == pause * 1.2)
            last = pause
            total += pause
        }
        #expect(last == .seconds(24 * 3600) && total > .seconds(3 * 24 * 3600))
        let end = RetrySchedule.pause(afterAttempts: RetrySchedule.maxAttempts, fraction: 0)
        #expect(end == nil)
    }
}
