import Cryptography
import Testing

@testable import JobModel

@Suite("What weights files state")
struct WeightsStatementTests {
    private func statement(
        licence: String = "",
        training: String = "",
        protection: String = ""
    ) -> WeightsStatement {
        WeightsStatement(
            licence: licence,
            photoMask: .perceptual,
            training: training,
            protection: protection
        )
    }

    @Test("A table of measured protection is kept byte for byte")
    func keepsProtection() throws {
        for text in ["{}", " {\"cells\": [{\"mean\": 12.720000000000001, \"probe\": null}]}\n"] {
            let kept = try #require(statement(protection: text).protection)
            #expect(kept.bytes == Array(text.utf8))
        }
    }

    @Test(
        "What is no JSON object counts as missing",
        arguments: [
            "", " ", "null", "[]", "1", "\"{}\"", "{", "{}{}", "{\"a\": NaN}",
            "{\"a\": 1, \"a\": 2}",
            "\u{FEFF}{}", "{\"a\": \"\\ud800\"}", "{a: 1}",
            String(repeating: "{\"a\":", count: 100_000),
            String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40),
        ]
    )
    func refusesProtection(text: String) {
        #expect(statement(protection: text).protection == nil)
        #expect(statement(training: text).recipeSHA256 == nil)
    }

    @Test("The longest table is of 256 KiB")
    func boundsProtection() {
        func object(_ count: Int) -> String {
            "{\"a\":\"" + String(repeating: "b", count: count - 8) + "\"}"
        }
        #expect(statement(protection: object(256 << 10)).protection != nil)
        #expect(statement(protection: object((256 << 10) + 1)).protection == nil)
    }

    @Test("The recipe's hash is read if it is one")
    func readsRecipe() {
        let hash = String(repeating: "ab", count: 32)
        #expect(
            statement(training: "{\"steps\": 5, \"recipe_sha256\": \"\(hash)\"}").recipeSHA256
                == SHA256Digest(hex: hash)
        )
        for value in ["\"ab\"", "5", "null", "[]", "\"\(hash)ab\""] {
            #expect(statement(training: "{\"recipe_sha256\": \(value)}").recipeSHA256 == nil)
        }
    }

    @Test("A licence is one line of at most 2000 bytes without control characters")
    func cleansLicence() {
        #expect(statement(licence: "MIT\n\u{1B}[2J\u{202E}é").licence == "MIT  [2J é")
        #expect(statement(licence: String(repeating: "é", count: 1001)).licence.utf8.count == 2000)
    }
}
