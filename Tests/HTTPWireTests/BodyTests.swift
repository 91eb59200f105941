import HTTPTypes
import Testing
import WireHarness

@testable import HTTPWire

@Suite("Body framing") struct BodyFramingTests {
    private func framing(
        _ fields: String,
        version: String = "1.1",
        limits: HTTPLimits = HTTPLimits()
    ) throws -> BodyFraming {
        guard
            case .head(let head, _) = decodeHead(
                "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
            )
        else {
            throw HTTPFault.malformedRequestLine
        }
        return try BodyFraming(of: head, limits: limits)
    }

    @Test("The framings of RFC 9112 section 6.3")
    func framings() throws {
        #expect(try framing("") == .none)
        #expect(try framing("Content-Length: 0\r\n") == .none)
        #expect(try framing("Content-Length: 12\r\n") == .length(12))
        #expect(try framing("Content-Length: 0012\r\n") == .length(12))
        #expect(try framing("Transfer-Encoding: chunked\r\n") == .chunked)
        #expect(try framing("Transfer-Encoding: CHUNKED\r\n") == .chunked)
    }

    @Test(
        "Ambiguous lengths get 400",
        arguments: [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n", "Content-Length:\r\n", "Content-Length: 5.0\r\n",
            "Content-Length: ５\r\n",
        ]
    )
    func ambiguous(fields: String) {
        #expect(throws: HTTPFault.badFraming) { try framing(fields) }
        #expect(HTTPFault.badFraming.closesConnection)
    }

    @Test("A transfer coding in HTTP/1.0 gets 400")
    func oldVersion() {
        #expect(throws: HTTPFault.badFraming) {
            try framing("Transfer-Encoding: chunked\r\n", version: "1.0")
        }
    }

    @Test(
        "Other transfer codings get 501",
        arguments: [
            "gzip", "gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked",
            "chunked;a=b", "\"chunked\"",
            "",
            "chunked\r\nTransfer-Encoding: chunked", "identity\r\nTransfer-Encoding: chunked",
            // Unicode's lower-casing or equality turns the Kelvin sign, and other characters, into
            // ASCII.
            "chun\u{212A}ed", "CHUN\u{212A}ED", "c\u{4BB}unked", "\u{FF43}hunked", "chunked\u{301}",
            "chunked\u{A0}",
        ]
    )
    func unknownCodings(value: String) {
        #expect(throws: HTTPFault.unknownCoding) { try framing("Transfer-Encoding: \(value)\r\n") }
        #expect(HTTPFault.unknownCoding.status.code == 501)
    }

    @Test(
        "A length is accepted at the limit and refused one over, and when it does not fit a number"
    )
    func limit() throws {
        let limits = HTTPLimits(maxBodyBytes: 100)
        #expect(try framing("Content-Length: 100\r\n", limits: limits) == .length(100))
        #expect(throws: HTTPFault.bodyTooLarge(limit: 100)) {
            try framing("Content-Length: 101\r\n", limits: limits)
        }
        #expect(throws: HTTPFault.bodyTooLarge(limit: 100)) {
            try framing("Content-Length: 18446744073709551616\r\n", limits: limits)
        }
        #expect(HTTPFault.bodyTooLarge(limit: 100).status.code == 413)
    }
}

@Suite("Bodies") struct BodyDecoderTests {
    @Test("A body of known length ends where it says")
    func length() {
        let outcome = decodeBody("hello GET /", framing: .length(5))
        #expect(
            outcome
                == BodyOutcome(bytes: [UInt8]("hello"), isComplete: true, rest: [UInt8](" GET /"))
        )
        #expect(decodeBody("hel", framing: .length(5)) == BodyOutcome(bytes: [UInt8]("hel")))
        #expect(
            decodeBody("x", framing: .none) == BodyOutcome(isComplete: true, rest: [UInt8]("x"))
        )
    }

    @Test("Pieces are never larger than the limit")
    func pieces() throws {
        var decoder = BodyDecoder(framing: .length(10), limits: HTTPLimits(maxBodyPieceBytes: 4))
        var buffer = ReceiveBuffer()
        buffer.append([UInt8]("0123456789"))
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("0123")))
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("4567")))
        #expect(decoder.remainingBytes == 2)
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("89")))
        #expect(try decoder.decode(&buffer, gathers: true) == .end)
    }

    @Test("The first bytes are a piece at once, later ones once there is half of the most, or all")
    func gathered() throws {
        var decoder = BodyDecoder(framing: .length(12), limits: HTTPLimits(maxBodyPieceBytes: 8))
        var buffer = ReceiveBuffer()
        #expect(decoder.awaitedBytes(buffered: 0) == 1)
        buffer.append([UInt8]("0"))
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("0")))
        #expect(decoder.awaitedBytes(buffered: 0) == 4)
        buffer.append([UInt8]("123"))
        #expect(try decoder.decode(&buffer, gathers: true) == .needsBytes)
        #expect(decoder.awaitedBytes(buffered: 3) == 4)
        buffer.append([UInt8]("4567"))
        #expect(decoder.awaitedBytes(buffered: 7) == 4)
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("1234567")))
        #expect(decoder.awaitedBytes(buffered: 0) == 4)
        buffer.append([UInt8]("89"))
        #expect(try decoder.decode(&buffer, gathers: true) == .needsBytes)
        // The last two come with no third and fourth.
        #expect(decoder.awaitedBytes(buffered: 2) == 1)
        #expect(try decoder.decode(&buffer, gathers: false) == .piece([UInt8]("89")))
        buffer.append([UInt8]("ab"))
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("ab")))
        #expect(try decoder.decode(&buffer, gathers: true) == .end)
    }

    @Test(
        "Chunks, extensions and trailers are taken apart",
        arguments: [
            "4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n",
            "4;a=b\r\nWiki\r\n7 ;x=\"y;z\"\r\npedia i\r\n0b\r\nn \r\nchunks.\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n",
        ]
    )
    func chunked(text: String) {
        // The classic example of the chunked coding, which every implementer knows.
        let outcome = decodeBody(text + "GET /", framing: .chunked)
        #expect(
            outcome
                == BodyOutcome(
                    bytes: [UInt8]("Wikipedia in \r\nchunks."),
                    isComplete: true,
                    rest: [UInt8]("GET /")
                )
        )
    }

    @Test(
        "Malformed chunks get 400",
        arguments: [
            "x\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n",
            "1\r\na\n0\r\n\r\n", "1\r\na0\r\n\r\n", "00000000000000001\r\na\r\n",
            "1;a\u{0}b\r\na\r\n", "1,\r\na\r\n",
            "1\r\na\r\r\n", "1;a\rb\r\na\r\n",
        ]
    )
    func malformedChunks(text: String) {
        let outcome = decodeBody(text, framing: .chunked)
        #expect(outcome.fault == .malformedChunk)
        #expect(!outcome.isComplete)
    }

    @Test("A size that does not fit is too large, not small")
    func overflowingSize() {
        #expect(
            decodeBody("ffffffffffffffff\r\n", framing: .chunked).fault?.code == "body_too_large"
        )
        #expect(
            decodeBody("1\r\na\r\nffffffffffffffff\r\n", framing: .chunked).fault?.code
                == "body_too_large"
        )
    }

    @Test("Malformed trailers are refused", arguments: ["A : b", "A", " A: b", "A: \u{1}"])
    func malformedTrailers(line: String) {
        #expect(decodeBody("0\r\n\(line)\r\n\r\n", framing: .chunked).fault == .malformedField)
    }

    @Test("A chunked body is accepted at the limit and refused one over")
    func bodyLimit() {
        let limits = HTTPLimits(maxBodyBytes: 5)
        #expect(
            decodeBody("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", framing: .chunked, limits: limits)
                .isComplete
        )
        let over = decodeBody(
            "2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n",
            framing: .chunked,
            limits: limits
        )
        #expect(over == BodyOutcome(bytes: [UInt8]("ab"), fault: .bodyTooLarge(limit: 5)))
    }

    @Test("Extensions and trailers count together, over the whole body")
    func overheadLimit() {
        let limits = HTTPLimits(maxChunkOverheadBytes: 12)
        let accepted = "1;a\r\na\r\n1;b\r\nb\r\n0;c\r\nA: b\r\n\r\n"  // 2 + 2 + 2 + 6
        #expect(decodeBody(accepted, framing: .chunked, limits: limits).isComplete)
        let over = "1;a\r\na\r\n1;b\r\nb\r\n0;c\r\nA: bc\r\n\r\n"
        #expect(decodeBody(over, framing: .chunked, limits: limits).fault == .chunkOverheadTooLarge)
        let extensions = String(repeating: "1;a\r\na\r\n", count: 7)
        #expect(
            decodeBody(extensions, framing: .chunked, limits: limits).fault
                == .chunkOverheadTooLarge
        )
        let endless = "1;" + String(repeating: "a", count: 40)
        #expect(
            decodeBody(endless, framing: .chunked, limits: limits).fault == .chunkOverheadTooLarge
        )
    }

    @Test("What comes before an offence is delivered, and the offence is repeated for ever")
    func faultAfterPiece() throws {
        var decoder = BodyDecoder(framing: .chunked, limits: HTTPLimits())
        var buffer = ReceiveBuffer()
        buffer.append([UInt8]("1\r\na\r\nx\r\n"))
        #expect(try decoder.decode(&buffer, gathers: true) == .piece([UInt8]("a")))
        #expect(throws: HTTPFault.malformedChunk) { try decoder.decode(&buffer, gathers: true) }
        #expect(throws: HTTPFault.malformedChunk) { try decoder.decode(&buffer, gathers: true) }
    }
}
