import HTTPTypes
import SocketIO
import Testing

@testable import HTTPServer

@Suite("Trusted proxies") struct ProxyTrustTests {
    private let trust = ProxyTrust(
        proxies: ["127.0.0.1", "10.0.0.0/8", "unix"].compactMap(AddressBlock.init)
    )

    @Test(
        "The client is the last address that no trusted proxy has",
        arguments: [
            ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1", ["1.1.1.1, 203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            ("127.0.0.1", ["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
            ("unix", ["2001:db8::5"], "2001:db8::5"),
            ("127.0.0.1", ["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            ("127.0.0.1", [], "127.0.0.1"),
            ("::ffff:127.0.0.1", ["203.0.113.7, ::ffff:10.1.2.3"], "203.0.113.7"),
            // An invalid entry ends the list: no proxy vouches for what precedes it.
            ("127.0.0.1", ["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("127.0.0.1", ["1.1.1.1, "], "1.1.1.1"),
            ("127.0.0.1", [" 203.0.113.7\t"], "203.0.113.7"),
            ("127.0.0.1", ["1.1.1.1,\u{301}203.0.113.7, 10.0.0.2"], "10.0.0.2"),
            // A client that sends the field itself.
            ("203.0.113.9", ["127.0.0.1"], "203.0.113.9"),
        ]
    )
    func client(peer: String, values: [String], expected: String) throws {
        var fields = HTTPFields()
        let name = try #require(HTTPField.Name("X-Forwarded-For"))
        for value in values { fields.append(HTTPField(name: name, value: value)) }
        #expect(trust.client(peer: peer, fields: fields) == expected)
    }
}
