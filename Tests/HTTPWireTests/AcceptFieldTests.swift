import Testing

@testable import HTTPWire

@Suite("Accept (RFC 9110 section 12.5.1)") struct AcceptFieldTests {
    @Test(
        "What is taken and what is not",
        arguments: [
            ("*/*", ["application/json", "image/png"], []),
            ("", ["application/json"], []),
            (" , ,", ["application/json"], []),
            ("application/json", ["application/json"], ["application/zip", "image/png"]),
            ("APPLICATION/JSON; charset=utf-8", ["application/json"], ["application/zip"]),
            ("image/*", ["image/png"], ["application/json", "images/png"]),
            ("text/html, application/xml;q=0.9, */*;q=0.8", ["application/json"], []),
            ("*/*, image/png;q=0", ["application/json", "image/jpeg"], ["image/png"]),
            ("*/*;q=0.0, image/*;q=0.001", ["image/png"], ["application/json"]),
            ("image/*;q=0, image/png", ["image/png"], ["image/jpeg"]),
            ("application/json;q=0.000", [], ["application/json"]),
            ("application/*;Q=1.000, text/*;q=0.", ["application/zip"], ["text/html"]),
        ]
    )
    func accepts(field: String, taken: [String], left: [String]) throws {
        let accept = try #require(AcceptField(field))
        for type in taken { #expect(accept.accepts(type), "\(type)") }
        for type in left { #expect(!accept.accepts(type), "\(type)") }
    }

    @Test(
        "What is malformed",
        arguments: [
            "json", "application/", "/json", "a/b;q=2", "a/b;q=1.5", "a/b;q=-1", "a/b;q=0.0001",
            "a/b;q=.5",
            "a/b;q", "a/b;q=;", "a b/c", "a/b/c",
        ]
    )
    func malformed(field: String) {
        #expect(AcceptField(field) == nil)
    }
}
