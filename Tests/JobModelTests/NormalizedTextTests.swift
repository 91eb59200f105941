import Testing

@testable import JobModel

@Suite struct NormalizedTextTests {
    @Test
    func `Every character that Python's Unicode can take apart is composed as Python composes it`()
        throws
    {
        let script = """
            import unicodedata
            for code in range(0x110000):
                if not 0xD800 <= code < 0xE000:
                    apart = unicodedata.normalize("NFD", chr(code))
                    if apart != chr(code): out += ["x" + apart + "y", unicodedata.normalize("NFC", "x" + apart + "y")]
            """
        let pairs = try Python.strings(script)
        try #require(pairs.count > 2 * 13_000)
        let wrong = stride(from: 0, to: pairs.count, by: 2).filter {
            !areSameBytes(NormalizedText.nfc(pairs[$0]), pairs[$0 + 1])
        }
        #expect(wrong.map { pairs[$0] } == [])
    }

    @Test func `Letters with several marks in any order are composed as Python composes them`()
        throws
    {
        let script = """
            import random, unicodedata
            draw = random.Random(15)
            marks = [chr(code) for code in range(0x300, 0x370)] + list("\\u0591\\u05b4\\u3099\\u1dce\\U0001d165")
            for _ in range(3000):
                text = "".join(draw.choice("aeoAEOüÅ가日") + "".join(draw.choices(marks, k=draw.randrange(4))) for _ in range(3))
                out += [text, unicodedata.normalize("NFC", text)]
            """
        let pairs = try Python.strings(script)
        try #require(pairs.count == 6000)
        let wrong = stride(from: 0, to: pairs.count, by: 2).filter {
            !areSameBytes(NormalizedText.nfc(pairs[$0]), pairs[$0 + 1])
        }
        #expect(wrong.map { pairs[$0] } == [])
    }
}
