import HTTPTypes
import Testing

@testable import HTTPWire

@Suite("Request heads") struct RequestHeadDecoderTests {
    private let host = "Host: example.org\r\n"

    @Test("A usual head is decoded, and the bytes after it stay")
    func usual() throws {
        let text =
            "POST /v1/jobs?class=cat&name=a%20b HTTP/1.1\r\nHost: example.org:8080\r\nX-A:  b c\t\r\nEmpty:\r\n\r\nBODY"
        guard case .head(let head, let rest) = decodeHead(text) else {
            Issue.record("\(decodeHead(text))")
            return
        }
        #expect(head.method == .post)
        #expect(head.version == .http11)
        #expect(head.target.rawPath == "/v1/jobs")
        #expect(head.target.segments == ["v1", "jobs"])
        #expect(
            head.target.query == [
                QueryItem(name: "class", value: "cat"), QueryItem(name: "name", value: "a b"),
            ]
        )
        #expect(head.fields[try #require(HTTPField.Name("x-a"))] == "b c")
        #expect(head.fields[try #require(HTTPField.Name("empty"))] == "")
        #expect(rest == [UInt8]("BODY"))
    }

    @Test("HTTP/1.0 needs no Host, and later minor versions are 1.1")
    func versions() {
        guard case .head(let old, _) = decodeHead("GET / HTTP/1.0\r\n\r\n"),
            case .head(let new, _) = decodeHead("GET / HTTP/1.9\r\n\(host)\r\n")
        else {
            Issue.record("refused")
            return
        }
        #expect(old.version == .http10)
        #expect(old.asksToClose)
        #expect(new.version == .http11)
        #expect(!new.asksToClose)
    }

    @Test("One empty line before the request is let through, two are not")
    func leadingEmptyLine() {
        guard case .head = decodeHead("\r\nGET / HTTP/1.1\r\n\(host)\r\n") else {
            Issue.record("refused")
            return
        }
        #expect(
            decodeHead("\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n") == .fault(.malformedRequestLine)
        )
    }

    @Test(
        "Malformed request lines are refused",
        arguments: [
            "GET  / HTTP/1.1", "GET /", "GET", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
            "GET / http/1.1", "GET / HTTP/1",
            "GET / HTTP/11.1", "GET / HTTP/1.1x", "G@T / HTTP/1.1", "GET\t/ HTTP/1.1",
            "GET / HTTQ/1.1", "GET / /1.1",
            "GET / foo HTTP/1.1", "{\"a\":1}",
        ]
    )
    func requestLines(line: String) {
        #expect(decodeHead("\(line)\r\n\(host)\r\n") == .fault(.malformedRequestLine))
    }

    @Test("Other major versions get 505", arguments: ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"])
    func majorVersions(version: String) {
        #expect(decodeHead("GET / \(version)\r\n\(host)\r\n") == .fault(.unsupportedVersion))
        #expect(HTTPFault.unsupportedVersion.status.code == 505)
    }

    @Test("The HTTP/2 preface is refused")
    func preface() {
        #expect(decodeHead("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == .fault(.unsupportedVersion))
    }

    @Test("A TLS greeting is refused at its first byte")
    func tlsGreeting() {
        #expect(decodeHeadBytes([0x16, 0x03, 0x01, 0x02, 0x00]) == .fault(.malformedRequestLine))
    }

    @Test("Bare LF and bare CR are refused")
    func lineEndings() {
        #expect(decodeHead("GET / HTTP/1.1\n\(host)\r\n") == .fault(.malformedLineEnding))
        #expect(decodeHead("GET / HTTP/1.1\r\nHost: a\n\r\n") == .fault(.malformedLineEnding))
        #expect(
            decodeHead("GET / HTTP/1.1\r\n\(host)A: b\rc\r\n\r\n") == .fault(.malformedLineEnding)
        )
        #expect(
            decodeHead("GET / HTTP/1.1\r\n\(host)A: b\r\r\n\r\n") == .fault(.malformedLineEnding)
        )
        #expect(decodeHead("GET / HTTP/1.1\r\r\n\(host)\r\n") == .fault(.malformedLineEnding))
        #expect(decodeHead("\nGET / HTTP/1.1\r\n\(host)\r\n") == .fault(.malformedLineEnding))
        #expect(decodeHead("GET / HTTP/1.1\r\n\(host)\n") == .fault(.malformedLineEnding))
    }

    @Test(
        "Malformed fields are refused",
        arguments: [
            "A : b", " A: b", "\tA: b", "A", ": b", "A\u{0}: b", "A: b\u{0}", "A: \u{1}",
            "A: \u{7F}", "A(: b", "A;: b",
            "\u{E9}: b", "A b: c",
        ]
    )
    func fields(line: String) {
        #expect(decodeHead("GET / HTTP/1.1\r\n\(host)\(line)\r\n\r\n") == .fault(.malformedField))
    }

    @Test("A folded field is refused")
    func folded() {
        #expect(
            decodeHead("GET / HTTP/1.1\r\n\(host)A: b\r\n c\r\n\r\n") == .fault(.malformedField)
        )
        #expect(
            decodeHead("GET / HTTP/1.1\r\n\(host)A: b\r\n c: d\r\n\r\n") == .fault(.malformedField)
        )
    }

    @Test("Values may hold bytes beyond ASCII")
    func obsText() {
        guard
            case .head = decodeHeadBytes(
                [UInt8]("GET / HTTP/1.1\r\n\(host)A: ") + [0xE9, 0x0D, 0x0A, 0x0D, 0x0A]
            )
        else {
            Issue.record("refused")
            return
        }
    }

    @Test(
        "Host must be there once and be a host",
        arguments: [
            "", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: a b\r\n",
            "Host: u@h\r\n", "Host: a/b\r\n",
            "Host: a:x\r\n", "Host: [::1\r\n", "Host: a,b:1:2\r\n", "Host: a:123456\r\n",
        ]
    )
    func badHosts(fields: String) {
        #expect(decodeHead("GET / HTTP/1.1\r\n\(fields)\r\n") == .fault(.badHost))
    }

    @Test(
        "Hosts of every form pass",
        arguments: ["", "a", "a.b:80", "127.0.0.1:8080", "[::1]:8080", "[fe80::1]", "xn--a_~"]
    )
    func goodHosts(host: String) {
        guard case .head = decodeHead("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") else {
            Issue.record("refused")
            return
        }
    }

    @Test("Two Host fields are refused in HTTP/1.0 too")
    func oldHosts() {
        #expect(decodeHead("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == .fault(.badHost))
    }

    @Test(
        "The request line is accepted at its limit and refused one over, in either order of arrival"
    )
    func requestLineLimit() {
        let limits = HTTPLimits(maxRequestLineBytes: 40)
        let path = "/" + String(repeating: "a", count: 40 - "GET / HTTP/1.1\r\n".utf8.count)
        guard case .head = decodeHead("GET \(path) HTTP/1.1\r\n\(host)\r\n", limits: limits) else {
            Issue.record("refused at the limit")
            return
        }
        #expect(
            decodeHead("GET \(path)a HTTP/1.1\r\n\(host)\r\n", limits: limits)
                == .fault(.requestLineTooLong)
        )
        #expect(HTTPFault.requestLineTooLong.status.code == 414)
    }

    @Test("The head is accepted at its limit and refused one over")
    func headLimit() {
        let head = "GET / HTTP/1.1\r\n\(host)A: \(String(repeating: "b", count: 50))\r\n\r\n"
        guard case .head = decodeHead(head, limits: HTTPLimits(maxHeadBytes: head.utf8.count))
        else {
            Issue.record("refused at the limit")
            return
        }
        let limit = head.utf8.count - 1
        let fault = HTTPFault.headTooLarge(maxBytes: limit)
        #expect(decodeHead(head, limits: HTTPLimits(maxHeadBytes: limit)) == .fault(fault))
        #expect(fault.status.code == 431)
        #expect(fault.detail.contains(" \(limit) bytes"))
    }

    @Test("An endless line is refused without its end")
    func endless() {
        let line = "GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 100)
        #expect(
            decodeHead(line, limits: HTTPLimits(maxHeadBytes: 64))
                == .fault(.headTooLarge(maxBytes: 64))
        )
    }

    @Test("The fields are accepted at their limit and refused one over")
    func fieldLimit() {
        let limits = HTTPLimits(maxFields: 3)
        guard
            case .head = decodeHead("GET / HTTP/1.1\r\n\(host)A: 1\r\nA: 2\r\n\r\n", limits: limits)
        else {
            Issue.record("refused at the limit")
            return
        }
        let over = decodeHead(
            "GET / HTTP/1.1\r\n\(host)A: 1\r\nA: 2\r\nA: 3\r\n\r\n",
            limits: limits
        )
        #expect(over == .fault(.tooManyFields(maxFields: 3)))
    }

    @Test("Only 100-continue may be expected, and HTTP/1.0 expects nothing")
    func expectations() {
        guard
            case .head(let head, _) = decodeHead(
                "PUT / HTTP/1.1\r\n\(host)Expect: 100-Continue\r\n\r\n"
            ),
            case .head(let old, _) = decodeHead("PUT / HTTP/1.0\r\nExpect: magic\r\n\r\n")
        else {
            Issue.record("refused")
            return
        }
        #expect(head.expectsContinue)
        #expect(!old.expectsContinue)
        #expect(
            decodeHead("PUT / HTTP/1.1\r\n\(host)Expect: magic\r\n\r\n")
                == .fault(.unknownExpectation)
        )
        #expect(HTTPFault.unknownExpectation.status.code == 417)
    }

    @Test("CONNECT is not for this server")
    func connect() {
        #expect(decodeHead("CONNECT a:443 HTTP/1.1\r\n\(host)\r\n") == .fault(.connectRefused))
    }
}
