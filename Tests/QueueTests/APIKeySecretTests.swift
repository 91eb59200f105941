import Foundation
import Testing

@testable import Queue

@Suite struct APIKeySecretTests {
    @Test func `A secret is 32 bytes of base64url behind its prefix`() throws {
        // RFC 4648's alphabet, checked against Foundation's encoder.
        for seed in UInt8(0)..<20 {
            let bytes = (0..<32).map { $0 &* 37 &+ seed &* 11 }
            let expected = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(APIKeySecret(bytes: bytes).text == "plm_" + expected)
        }
        let secrets = try (0..<100).map { _ in try APIKeySecret.generate().text }
        #expect(Set(secrets).count == 100)
        #expect(secrets.allSatisfy { $0.utf8.count == 47 })
    }

    @Test func `A secret does not show itself`() throws {
        let secret = try APIKeySecret.generate()
        for text in ["\(secret)", String(reflecting: secret)] {
            #expect(!text.contains(secret.text.dropFirst(10)))
        }
        #expect(secret.text.hasPrefix(secret.prefix))
    }
}
