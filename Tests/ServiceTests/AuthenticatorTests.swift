import Testing

@testable import Service

@Suite("Authorization fields")
struct AuthenticatorTests {
    @Test(
        "Bearer and Basic carry the key",
        arguments: [
            ("Bearer plm_abc", "plm_abc"), ("bearer plm_abc", "plm_abc"),
            // From: printf 'plm_abc:' | base64; printf 'plm_abc:ignored' | base64
            ("Basic cGxtX2FiYzo=", "plm_abc"), ("BASIC cGxtX2FiYzppZ25vcmVk", "plm_abc"),
        ]
    )
    func accepted(field: String, key: String) throws {
        #expect(try Authenticator.secret(in: field) == key)
    }

    @Test("Another scheme is no key at all", arguments: ["Digest x", "", "plm_abc"])
    func otherScheme(field: String) throws {
        #expect(try Authenticator.secret(in: field) == nil)
    }

    @Test(
        "A scheme without a usable key is refused",
        arguments: ["Bearer", "Bearer ", "Basic", "Basic !!!!", "Basic cGxtX2FiYw==", "Basic Og=="]
    )
    func refused(field: String) {
        #expect(throws: APIError.self) { try Authenticator.secret(in: field) }
    }

    @Test(
        "Base64 is decoded as RFC 4648 section 10 has it",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ]
    )
    func base64(text: String, plain: String) {
        #expect(Base64.decode(Array(text.utf8)) == Array(plain.utf8))
    }

    @Test(
        "Base64 that is not the one form of its bytes is refused",
        arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zg==Zg==", "Zm-v"]
    )
    func badBase64(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
