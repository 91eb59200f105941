import Testing

@testable import Webhooks

@Suite("Addresses of receivers")
struct WebhookURLTests {
    @Test("An address tells where to connect and what to ask for")
    func parts() throws {
        let url = try #require(WebhookURL("https://Hooks.Example:8443/a/b?c=d&e"))
        #expect(url.isEncrypted && url.host == "hooks.example" && url.port == 8443)
        #expect(url.target == "/a/b?c=d&e" && url.authority == "hooks.example:8443")
        let bare = try #require(WebhookURL("https://hooks.example"))
        #expect(bare.target == "/" && bare.port == 443 && bare.authority == "hooks.example")
        let query = try #require(WebhookURL("http://[2606:4700::1111]?a"))
        #expect(query.target == "/?a" && query.port == 80 && query.host == "2606:4700::1111")
        #expect(query.authority == "[2606:4700::1111]")
    }

    @Test(
        "What two programs could read differently is refused",
        arguments: [
            "", "hooks.example", "ftp://hooks.example", "HTTPS://hooks.example", "https://",
            "https:///path", "https://user@hooks.example", "https://a:b@hooks.example",
            "https://hooks.example#fragment", "https://hooks.example\\@10.0.0.1",
            "https://hooks.example/a b", "https://hooks.example/ä", "https://hööks.example",
            "https://hooks.example:0", "https://hooks.example:65536", "https://hooks.example:",
            "https://hooks.example:+80", "https://[::1", "https://[hooks.example]", "https://::1",
            "https://hooks.example/\r\nHost: a", "https://hooks%2eexample", "https://.example",
        ]
    )
    func refused(text: String) {
        #expect(WebhookURL(text) == nil)
    }

    @Test("An address may not be longer than requests are")
    func length() {
        let base = "https://hooks.example/"
        let longest = base + String(repeating: "a", count: WebhookURL.maxBytes - base.count)
        #expect(WebhookURL(longest) != nil)
        #expect(WebhookURL(longest + "a") == nil)
    }
}
