import Testing

@testable import HTTPAPI

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

    @Test(
        "Another scheme is no key at all",
        arguments: ["Digest x", "", "plm_abc", "ba\u{17F}ic cGxtX2FiYzo=", "Bearer\u{301} plm_abc"]
    )
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
}
