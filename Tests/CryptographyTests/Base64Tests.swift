import Testing

@testable import Cryptography

@Suite("Base64") struct Base64Tests {
    @Test(
        "As RFC 4648 section 10 has it",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ]
    )
    func published(text: String, plain: String) {
        #expect(Base64.decode(Array(text.utf8)) == Array(plain.utf8))
        #expect(Base64.encode(Array(plain.utf8)) == text)
    }

    @Test(
        "What is not the one form of its bytes is refused",
        arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zg==Zg==", "Zm-v"]
    )
    func malformed(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
