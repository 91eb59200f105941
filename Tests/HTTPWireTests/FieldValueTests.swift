import Glibc
import HTTPTypes
import Testing

@testable import HTTPWire

@Suite("Request targets") struct RequestTargetTests {
    @Test("Paths are split before they are decoded")
    func segments() throws {
        #expect(try RequestTarget("/").segments == [])
        #expect(try RequestTarget("/a/b").segments == ["a", "b"])
        #expect(try RequestTarget("/a/").segments == ["a", ""])
        #expect(try RequestTarget("//a").segments == ["", "a"])
        #expect(try RequestTarget("/a%2Fb/c%20d/%C3%A9").segments == ["a/b", "c d", "é"])
        #expect(try RequestTarget("/a+b").segments == ["a+b"])
        #expect(try RequestTarget("/...").segments == ["..."])
    }

    @Test("Queries are decoded as forms")
    func query() throws {
        let target = try RequestTarget("/p?a=1&b=x+y%26&&c&d==&=e?")
        #expect(
            target.query == [
                QueryItem(name: "a", value: "1"), QueryItem(name: "b", value: "x y&"),
                QueryItem(name: "c", value: ""),
                QueryItem(name: "d", value: "="), QueryItem(name: "", value: "e?"),
            ]
        )
        #expect(target.queryValue("b") == "x y&")
        #expect(target.queryValue("z") == nil)
        #expect(target.rawPath == "/p")
    }

    @Test("The absolute form gives its path")
    func absolute() throws {
        #expect(try RequestTarget("http://example.org:80/a?b=c").segments == ["a"])
        #expect(try RequestTarget("HTTPS://example.org").rawPath == "/")
        #expect(try RequestTarget("http://example.org?b=c").queryValue("b") == "c")
    }

    @Test("The asterisk is for OPTIONS only")
    func asterisk() throws {
        #expect(try RequestTarget([0x2A], method: .options).rawPath == "*")
        #expect(throws: HTTPFault.malformedTarget) { try RequestTarget("*") }
    }

    @Test(
        "Odd targets are refused",
        arguments: [
            "a", "", "/%", "/%4", "/%zz", "/%00", "/%ff", "/a/../b", "/..", "/.", "/%2e%2E/x",
            "/a/%2e", "/a#b", "/é",
            "http://", "http:///a", "ftp://a/b", "http://u@h/", "/?a=%", "/?%00", "/a\u{7F}",
        ]
    )
    func odd(text: String) {
        #expect(throws: HTTPFault.malformedTarget) { try RequestTarget(text) }
    }
}

@Suite("ASCII comparison") struct ASCIICaseTests {
    @Test("ASCII letters are equal in both cases, and nothing else is equal but itself")
    func letters() {
        for one in UnicodeScalar(UInt8(0)).value...0x24F {
            for other in UInt32(0x20)...0x7E {
                guard let left = UnicodeScalar(one), let right = UnicodeScalar(other) else {
                    continue
                }
                let isSame =
                    one == other
                    || (one ^ other == 0x20 && (0x41...0x5A).contains(min(one, other))
                        && max(one, other) < 0x7B)
                #expect(
                    String(Character(left)).equalsIgnoringASCIICase(String(Character(right)))
                        == isSame
                )
            }
        }
        // Swift's own comparisons treat these as ASCII characters.
        for (alike, ascii) in [
            ("\u{212A}", "k"), ("\u{212A}", "K"), ("\u{17F}", "s"), ("\u{37E}", ";"),
            ("\u{1FEF}", "`"),
        ] {
            #expect(!alike.equalsIgnoringASCIICase(ascii))
        }
        #expect("\u{212A}".lowercased() == "k" && "\u{37E}" == ";")
    }

    @Test("Fields whose keyword only looks like ASCII are not what they look like")
    func fields() {
        #expect("Bytes=0-1".octets(afterASCIIPrefix: "bytes=").map(Array.init) == Array("0-1".utf8))
        #expect(ByteRange("byte\u{17F}=0-1", length: 10) == .whole)
        #expect(ByteRange("BYTES=0-1", length: 10) == .part(0..<2))
        #expect(ContentDisposition("form-data; filename*=UTF-8''a; filename=b")?.filename == "a")
        #expect(EntityTag(opaque: "x")?.matches(ifNoneMatch: "\"y\",\u{301}\"z\", \"x\"") == true)
        #expect(EntityTag(opaque: "x")?.matches(ifNoneMatch: "\"y\"\u{37E} \"x\"") == false)
    }
}

@Suite("Field values") struct FieldValueTests {
    @Test("Media types are decoded")
    func mediaTypes() throws {
        let type = try #require(
            MediaType("Multipart/Form-Data; Boundary=\"a b\\\"c\" ;charset=utf-8;")
        )
        #expect(type.essence == "multipart/form-data")
        #expect(type.type == "multipart")
        #expect(type.parameter("boundary") == "a b\"c")
        #expect(type.parameter("charset") == "utf-8")
        #expect(type.parameter("x") == nil)
    }

    @Test(
        "Malformed media types are refused",
        arguments: [
            "", "image", "image/", "/jpeg", "a/b/c", "a b/c", "a/b;c", "a/b;c=\"d", "a/b c=d",
            "a/b;c=d;C=e",
            "a/b;c= d",
        ]
    )
    func malformedMediaTypes(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test(
        "Content dispositions: the examples of RFC 6266 section 5 and what browsers and curl send"
    )
    func dispositions() {
        #expect(ContentDisposition("Attachment; filename=example.html")?.filename == "example.html")
        #expect(ContentDisposition("INLINE; FILENAME= \"an example.html\"") == nil)
        #expect(
            ContentDisposition("INLINE; FILENAME=\"an example.html\"")?.filename
                == "an example.html"
        )
        let euro = ContentDisposition(
            "attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates"
        )
        #expect(euro?.filename == "€ rates")
        #expect(
            ContentDisposition("attachment; filename=a; filename*=iso-8859-1'en'%A3")?.filename
                == "a"
        )
        #expect(ContentDisposition("attachment; filename=a; filename*=utf-8''%ff")?.filename == "a")
        let form = ContentDisposition("form-data; name=\"image\"; filename=\"C:\\photos\\a.jpg\"")
        #expect(
            form
                == ContentDisposition(
                    type: "form-data",
                    name: "image",
                    filename: "C:\\photos\\a.jpg"
                )
        )
        #expect(ContentDisposition("form-data; name=\"a\\\"b\"")?.name == "a\"b")
        #expect(ContentDisposition("form-data; name=\"é.jpg\"")?.name == "é.jpg")
        #expect(ContentDisposition("; name=a") == nil)
        #expect(ContentDisposition("form-data; name=\"a") == nil)
    }

    @Test(
        "Encoded dispositions are decoded to the same name",
        arguments: [
            "a.png", "a b.png", "é€.png", "a\"b\\c%41.png", "日本語'*.png", "a\r\nSet-Cookie: b",
        ]
    )
    func dispositionRoundTrip(name: String) {
        let encoded = ContentDisposition(type: "attachment", filename: name).encoded
        #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(ContentDisposition(encoded)?.filename == name)
    }

    @Test("An encoded disposition is that of RFC 6266")
    func encodedDisposition() {
        let euro = ContentDisposition(type: "attachment", filename: "€ rates").encoded
        #expect(euro == "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates")
    }

    @Test("Dates: RFC 9110 section 5.6.7's own, and what the C library makes of others")
    func dates() {
        #expect(HTTPDate.encode(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        let strides = stride(from: Int64(-62_167_219_200), through: 253_402_300_799, by: 76_543_211)
        for seconds in [0, -1, 951_782_400, 4_107_542_399, 4_107_542_400, 253_402_300_799]
            + Array(strides)
        {
            #expect(HTTPDate.encode(seconds) == Self.formatted(seconds))
        }
        #expect(HTTPDate.encode(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.encode(.min) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    private static func formatted(_ seconds: Int64) -> String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        // The year separately, since %Y is not padded.
        let year = String(parts.tm_year + 1900)
        strftime(&text, text.count, "%a, %d %b ", &parts)
        let day = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        strftime(&text, text.count, " %H:%M:%S GMT", &parts)
        let clock = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        return day + String(repeating: "0", count: 4 - year.count) + year + clock
    }

    @Test("Ranges: the examples of RFC 9110 section 14.1.2 for 10,000 bytes")
    func ranges() {
        #expect(ByteRange("bytes=0-499", length: 10_000) == .part(0..<500))
        #expect(ByteRange("bytes=500-999", length: 10_000) == .part(500..<1000))
        #expect(ByteRange("bytes=-500", length: 10_000) == .part(9500..<10_000))
        #expect(ByteRange("bytes=9500-", length: 10_000) == .part(9500..<10_000))
        #expect(ByteRange("Bytes=0-0", length: 10_000) == .part(0..<1))
        #expect(ByteRange("bytes=9999-99999999999", length: 10_000) == .part(9999..<10_000))
        #expect(ByteRange("bytes=-20000", length: 10_000) == .part(0..<10_000))
        #expect(ByteRange("bytes=10000-", length: 10_000) == .unsatisfiable)
        #expect(ByteRange("bytes=-0", length: 10_000) == .unsatisfiable)
        #expect(ByteRange("bytes=0-", length: 0) == .unsatisfiable)
        for text in [
            nil, "bytes=", "bytes=-", "bytes=5-4", "bytes=0-0,-1", "bytes=a-b", "items=0-5",
            "bytes 0-5",
        ] {
            #expect(ByteRange(text, length: 10_000) == .whole)
        }
        for end in ["18446744073709551615", "18446744073709551616", "99999999999999999999999"] {
            #expect(ByteRange("bytes=0-\(end)", length: 10_000) == .part(0..<10_000))
            #expect(ByteRange("bytes=-\(end)", length: 10_000) == .part(0..<10_000))
            #expect(ByteRange("bytes=\(end)-", length: 10_000) == .unsatisfiable)
        }
    }

    @Test("Entity tags compare as RFC 9110 sections 13.1.2 and 13.1.5 say")
    func entityTags() throws {
        let tag = try #require(EntityTag(opaque: "xyzzy"))
        #expect(tag.encoded == "\"xyzzy\"")
        #expect(tag.matches(ifNoneMatch: "\"a\", W/\"xyzzy\""))
        #expect(tag.matches(ifNoneMatch: "*"))
        #expect(!tag.matches(ifNoneMatch: "\"xyz\""))
        #expect(!tag.matches(ifNoneMatch: nil))
        #expect(tag.allowsRange(ifRange: nil))
        #expect(tag.allowsRange(ifRange: "\"xyzzy\""))
        #expect(!tag.allowsRange(ifRange: "W/\"xyzzy\""))
        #expect(EntityTag(opaque: "a\"b") == nil)
    }
}
