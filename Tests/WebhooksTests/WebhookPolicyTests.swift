import SocketIO
import Testing

@testable import Webhooks

@Suite("Where webhooks may go")
struct WebhookPolicyTests {
    /// Of each block of IANA's special-purpose registries at least one, and its last address where
    /// the next one is public.
    @Test(
        "No address of a private or special network is public",
        arguments: [
            "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
            "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
            "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1",
            "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1",
            "2002:7f00:1::1", "3fff::1", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1",
            "unix", "", "hooks.example",
        ]
    )
    func special(host: String) {
        #expect(!PublicAddress.contains(host))
    }

    @Test(
        "Addresses beside those networks are public",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.1.1.1",
            "128.0.0.1", "169.253.1.1", "172.15.255.255", "172.32.0.0", "192.167.255.255",
            "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:1.1.1.1", "2606:4700::1111",
            "2a00::1", "2001:200::1", "2003::1",
        ]
    )
    func open(host: String) {
        #expect(PublicAddress.contains(host))
    }

    @Test(
        "Without the operator's word only https to the internet is taken",
        arguments: [
            ("https://hooks.example/a", true), ("https://hooks.example:8443/a", true),
            ("https://1.1.1.1/", true), ("http://hooks.example/a", false),
            ("https://hooks.example:22/", false), ("https://127.0.0.1/", false),
            ("https://[::1]/", false), ("https://[::ffff:10.0.0.1]/", false),
        ]
    )
    func policy(text: String, isTaken: Bool) throws {
        let url = try #require(WebhookURL(text))
        #expect((WebhookPolicy().refusal(of: url) == nil) == isTaken)
    }

    @Test("A host that the operator lists may be private, unencrypted, and at the port it names")
    func local() throws {
        let policy = WebhookPolicy(localHosts: ["Hooks.lan", "10.0.0.7:8000", "[fd00::1]"])
        for (text, isTaken) in [
            ("http://hooks.lan/", true), ("http://HOOKS.LAN:9/", true),
            ("http://10.0.0.7:8000/", true), ("http://10.0.0.7:8001/", false),
            ("http://[fd00::1]:1/", true), ("http://other.lan/", false),
        ] {
            let url = try #require(WebhookURL(text))
            #expect((policy.refusal(of: url) == nil) == isTaken, "\(text)")
            let address = try SocketAddress(host: "10.0.0.7", port: url.port)
            #expect(policy.allows(address, for: url) == isTaken, "\(text)")
        }
    }

    @Test("A public name that leads to a private address is refused when it is connected to")
    func rebinding() throws {
        let url = try #require(WebhookURL("https://hooks.example/"))
        #expect(WebhookPolicy().refusal(of: url) == nil)
        #expect(!WebhookPolicy().allows(try SocketAddress(host: "127.0.0.1", port: 443), for: url))
        #expect(WebhookPolicy().allows(try SocketAddress(host: "1.1.1.1", port: 443), for: url))
    }
}
