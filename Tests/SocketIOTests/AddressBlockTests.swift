import Testing

@testable import SocketIO

@Suite("Address blocks") struct AddressBlockTests {
    @Test(
        "What lies in a block and what does not",
        arguments: [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.0.0.1"],
                ["11.0.0.0", "9.255.255.255", "unix"]
            ),
            (
                "192.168.4.0/22", ["192.168.4.1", "192.168.7.255"],
                ["192.168.8.0", "192.168.3.255"]
            ),
            ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1"]),
            ("0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::"]),
            (
                "2001:db8::/33", ["2001:db8::1", "2001:db8:7fff::"],
                ["2001:db8:8000::", "2001:db9::"]
            ),
            ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]),
            ("unix", ["unix"], ["127.0.0.1", "", "unix2"]),
        ]
    )
    func contains(text: String, inside: [String], outside: [String]) throws {
        let block = try #require(AddressBlock(text))
        for host in inside { #expect(block.contains(host), "\(host)") }
        for host in outside { #expect(!block.contains(host), "\(host)") }
    }

    @Test("Who counts as one subscriber")
    func network() {
        #expect(AddressBlock.network(of: "192.0.2.1") != AddressBlock.network(of: "192.0.2.2"))
        #expect(
            AddressBlock.network(of: "::ffff:192.0.2.1") == AddressBlock.network(of: "192.0.2.1")
        )
        #expect(
            AddressBlock.network(of: "2001:db8::1")
                == AddressBlock.network(of: "2001:db8::ffff:0:0:1")
        )
        #expect(
            AddressBlock.network(of: "2001:db8::1") != AddressBlock.network(of: "2001:db8:0:1::1")
        )
    }

    @Test(
        "What is no block",
        arguments: [
            "", "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/-0", "10.0.0.0/+8",
            "10.0.0.0/\u{FF18}",
            "10.0.0.0/", "::/129", "10.0.0/8", "/8",
            "unix/1",
        ]
    )
    func malformed(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
