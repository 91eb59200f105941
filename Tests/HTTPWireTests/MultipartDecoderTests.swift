import Testing

@testable import HTTPWire

@Suite("Multipart") struct MultipartDecoderTests {
    /// Returns the events with the bytes of a part joined, so that they do not depend on the split.
    private func events(
        _ pieces: [[UInt8]],
        boundary: String,
        limits: MultipartLimits
    ) -> (events: [MultipartEvent], code: String?) {
        var events: [MultipartEvent] = []
        do {
            let type = try #require(MediaType("multipart/form-data; boundary=\"\(boundary)\""))
            var decoder = try MultipartDecoder(mediaType: type, limits: limits)
            for piece in pieces {
                decoder.receive(piece)
                while let event = try decoder.next() {
                    if case .partBytes(let bytes) = event,
                        case .partBytes(let before)? = events.last
                    {
                        events[events.count - 1] = .partBytes(before + bytes)
                    } else {
                        events.append(event)
                    }
                }
            }
            try decoder.finish()
            return (events, nil)
        } catch {
            return (events, (error as? HTTPFault)?.code ?? "\(error)")
        }
    }

    private func decode(
        _ text: String,
        boundary: String = "X",
        limits: MultipartLimits = MultipartLimits()
    ) -> (events: [MultipartEvent], code: String?) {
        let ways = splittings(of: Array(text.utf8))
        let whole = events(ways[0], boundary: boundary, limits: limits)
        for way in ways.dropFirst() {
            let other = events(way, boundary: boundary, limits: limits)
            // Bytes before a fault may or may not be delivered, but the fault and a valid outcome
            // must not differ.
            #expect(other.code == whole.code)
            if whole.code == nil { #expect(other.events == whole.events) }
        }
        return whole
    }

    private func part(
        _ body: String,
        _ fields: String = "Content-Disposition: form-data; name=\"a\"\r\n"
    ) -> String {
        "--X\r\n\(fields)\r\n\(body)\r\n"
    }

    @Test("What curl -F sends")
    func curl() {
        let text = """
            --------------------------5d2f\r
            Content-Disposition: form-data; name="class"\r
            \r
            cat\r
            --------------------------5d2f\r
            Content-Disposition: form-data; name="image"; filename="a b.jpg"\r
            Content-Type: image/jpeg\r
            \r
            \u{1}\r
            -\r
            --\r
            ------\r
            --------------------------5d2f--\r\n
            """
        let decoded = decode(text, boundary: "------------------------5d2f")
        #expect(decoded.code == nil)
        #expect(
            decoded.events == [
                .partBegan(MultipartPart(name: "class")), .partBytes([UInt8]("cat")), .partEnded,
                .partBegan(MultipartPart(name: "image", filename: "a b.jpg")),
                .partBytes([UInt8]("\u{1}\r\n-\r\n--\r\n------")), .partEnded, .end,
            ]
        )
    }

    @Test("Empty parts, preamble, epilogue and blanks after a delimiter")
    func margins() {
        let empty = decode("--X\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--X--")
        #expect(empty.events == [.partBegan(MultipartPart(name: "a")), .partEnded, .end])
        let margins = decode(
            "preamble\r\n--X \t\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--X--\r\nepilogue\r\n--X\r\n"
        )
        #expect(
            margins.events == [
                .partBegan(MultipartPart(name: "a")), .partBytes([UInt8]("b")), .partEnded, .end,
            ]
        )
        #expect(decode("--X--").events == [.end])
    }

    @Test(
        "Bytes that almost are a delimiter stay bytes",
        arguments: ["\r\n--", "\r\n-", "\r\r\n", "\r", "\n--X", "--X", "\r\n--Y", "\r\n\r\n--"]
    )
    func almost(text: String) {
        #expect(
            decode(part(text) + "--X--").events == [
                .partBegan(MultipartPart(name: "a")), .partBytes([UInt8](text)), .partEnded, .end,
            ]
        )
    }

    @Test(
        "Malformed bodies are refused",
        arguments: [
            "", "--X", "--X\r\n", "--X\r\n\r\nb\r\n--X--",
            "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
            "--X\r\nContent-Disposition: form-data\r\n\r\nb\r\n--X--",
            "--X\r\nContent-Disposition: attachment; name=a\r\n\r\nb\r\n--X--",
            "--X\r\nContent-Disposition : form-data; name=a\r\n\r\nb\r\n--X--",
            "--X\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--X--",
            "--X\r\nContent-Disposition: form-data; name=a\n\r\nb\r\n--X--",
            "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--XY--", "--X-\r\n",
            "--Xa\r\n",
        ]
    )
    func malformed(text: String) {
        #expect(decode(text).code == "multipart_malformed")
    }

    @Test(
        "Controls in a file's name do not refuse the form, and are not in the name",
        arguments: [
            ("filename=\"a\0b.jpg\"", "ab.jpg"), ("filename=\"\0\"", ""),
            ("filename=\"Icon\r.jpg\"", "Icon.jpg"),
            ("filename=\"\u{1B}[31m\u{7F}.jpg\"", "[31m.jpg"),
            ("filename*=UTF-8''a%00b%C3%A9.jpg", "abé.jpg"),
            ("filename*=UTF-8''%FFa.jpg", "\u{FFFD}a.jpg"), ("filename*=UTF-8''50%.jpg", "50%.jpg"),
            ("filename*=a.jpg", "a.jpg"), ("filename=\"a.jpg\"; filename*=UTF-8''%FF", "a.jpg"),
        ]
    )
    func controls(parameter: String, filename: String) {
        let decoded = decode(
            part("1", "Content-Disposition: form-data; name=\"f\"; \(parameter)\r\nX-A: \u{1}\r\n")
                + part("2") + "--X--"
        )
        #expect(decoded.code == nil)
        #expect(
            decoded.events == [
                .partBegan(MultipartPart(name: "f", filename: filename)), .partBytes([0x31]),
                .partEnded,
                .partBegan(MultipartPart(name: "a")), .partBytes([0x32]), .partEnded, .end,
            ]
        )
    }

    @Test(
        "A control in a field's name is still a fault",
        arguments: ["Content-Dispo\0sition: x", "A\u{1}: b", "\0"]
    )
    func controlsInNames(line: String) {
        let fields = "\(line)\r\nContent-Disposition: form-data; name=a\r\n"
        #expect(decode(part("1", fields) + "--X--").code == "multipart_malformed")
    }

    @Test("A preamble without end is refused")
    func endlessPreamble() {
        let limits = MultipartLimits(maxPartHeadBytes: 64)
        #expect(
            decode(String(repeating: "a", count: 80), limits: limits).code == "multipart_malformed"
        )
    }

    @Test("Parts and their fields are accepted at the limits and refused one over")
    func limits() {
        let two = part("a") + part("b")
        #expect(decode(two + "--X--", limits: MultipartLimits(maxParts: 2)).code == nil)
        #expect(
            decode(two + part("c") + "--X--", limits: MultipartLimits(maxParts: 2)).code
                == "multipart_too_large"
        )
        let fields = "Content-Disposition: form-data; name=\"a\"\r\nA: b\r\n"
        let bytes = fields.utf8.count + 2
        #expect(
            decode(part("a", fields) + "--X--", limits: MultipartLimits(maxPartHeadBytes: bytes))
                .code == nil
        )
        #expect(
            decode(
                part("a", fields) + "--X--",
                limits: MultipartLimits(maxPartHeadBytes: bytes - 1)
            ).code
                == "multipart_too_large"
        )
        #expect(
            decode(part("a", fields) + "--X--", limits: MultipartLimits(maxPartFields: 2)).code
                == nil
        )
        #expect(
            decode(part("a", fields) + "--X--", limits: MultipartLimits(maxPartFields: 1)).code
                == "multipart_too_large"
        )
    }

    @Test(
        "Boundaries must be there and be boundaries",
        arguments: [
            "multipart/form-data", "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\(String(repeating: "a", count: 71))",
            "multipart/form-data; boundary=\"é\"",
        ]
    )
    func boundaries(text: String) throws {
        let type = try #require(MediaType(text))
        #expect(throws: HTTPFault.self) { try MultipartDecoder(mediaType: type) }
    }

    @Test("A part's bytes are handed on as they come, not kept")
    func streaming() throws {
        var decoder = try MultipartDecoder(
            mediaType: try #require(MediaType("multipart/form-data; boundary=X"))
        )
        decoder.receive([UInt8]("--X\r\nContent-Disposition: form-data; name=a\r\n\r\n"))
        _ = try decoder.next()
        for _ in 0..<10 {
            decoder.receive([UInt8](repeating: 0x61, count: 1000))
            #expect(try decoder.next() == .partBytes([UInt8](repeating: 0x61, count: 1000)))
            #expect(try decoder.next() == nil)
        }
    }
}
