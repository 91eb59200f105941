import Foundation
import Testing

@testable import JobModel

@Suite("JSON that every parser reads alike")
struct JSONTextTests {
    @Test(
        "What Python and Foundation read is taken",
        arguments: [
            "{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "\"\"",
            "[1,2,[3,{\"a\":[]}]]",
            "{\"a\":1,\"b\":{\"a\":1},\"A\":1}", "[{\"a\":1},{\"a\":1}]",
            "\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
            "\"日本 \u{7F}\"", "\r\n\t{ \"a\" : 1 }\n",
        ]
    )
    func good(text: String) throws {
        try JSONText.check(Array(text.utf8))
        #expect(throws: Never.self) {
            try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        }
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\"}", "{\"a\":}", "01", "1.",
            ".5", "+1", "1e",
            "0x1", "NaN",
            "Infinity", "tru", "nul", "'a'", "\"a", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"", "1 2", "[1 2]", "{\"a\":1 \"b\":2}", "[1]]", "// a\n1", "\u{A0}1",
        ]
    )
    func bad(text: String) {
        #expect(throws: JSONText.Fault.malformed) { try JSONText.check(Array(text.utf8)) }
    }

    @Test(
        "Two members of one name are found wherever they are, and however they are spelt",
        arguments: [
            "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"\\u0061\":3}", "[[{\"x\":{\"\":0,\"\":0}}]]",
            "{\"é\":1,\"\\u00E9\":1}",
            "{\"\\ud83d\\ude00\":1,\"😀\":1}",
        ]
    )
    func repeated(text: String) {
        #expect(throws: JSONText.Fault.repeatedMember) { try JSONText.check(Array(text.utf8)) }
    }

    @Test("Depth is bounded")
    func depth() throws {
        let (deepest, deeper) = (32, 33)
        try JSONText.check(
            Array(
                (String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest))
                    .utf8
            )
        )
        #expect(throws: JSONText.Fault.malformed) {
            try JSONText.check(
                Array(
                    (String(repeating: "[", count: deeper) + String(repeating: "]", count: deeper))
                        .utf8
                )
            )
        }
    }

    @Test(
        "Other encodings, and bytes that are no text",
        arguments: [[0xFF], [0x22, 0xC3, 0x22], [0x5B, 0, 0x5D, 0], [0x31, 0]]
    )
    func encodings(bytes: [UInt8]) {
        #expect(throws: JSONText.Fault.notUTF8) { try JSONText.check(bytes) }
    }
}
