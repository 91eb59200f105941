import Testing

@testable import Cryptography

@Suite("Ed25519 signatures") struct SignatureTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
        }
    }

    private static func key(_ seed: String) throws -> SigningKey {
        let prefix = bytes("302e020100300506032b657004220420")
        return try #require(SigningKey(pem: PEM.encode(prefix + bytes(seed), label: "PRIVATE KEY")))
    }

    @Test(
        "RFC 8032 section 7.1",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ]
    )
    func published(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try Self.key(seed)
        #expect(key.verificationKey.bytes == Self.bytes(publicKey))
        #expect(key.sign(Self.bytes(message)) == Self.bytes(signature))
        #expect(key.verificationKey.verifies(Self.bytes(signature), of: Self.bytes(message)))
    }

    @Test("A changed message, signature or key does not verify")
    func changed() throws {
        let key = try SigningKey.generate()
        let message = Array("protected".utf8)
        let signature = key.sign(message)
        #expect(key.verificationKey.verifies(signature, of: message))
        #expect(!key.verificationKey.verifies(signature, of: message + [0]))
        #expect(!key.verificationKey.verifies(signature.dropLast(), of: message))
        #expect(
            !key.verificationKey.verifies([signature[0] ^ 1] + signature.dropFirst(), of: message)
        )
        #expect(!(try SigningKey.generate()).verificationKey.verifies(signature, of: message))
    }

    @Test("Keys in PEM, as RFC 8410 section 10 has them")
    func pem() throws {
        let publicKey = """
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
            -----END PUBLIC KEY-----

            """
        let privateKey = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
            -----END PRIVATE KEY-----

            """
        let key = try #require(SigningKey(pem: privateKey))
        #expect(key.pem == privateKey)
        #expect(key.verificationKey.pem == publicKey)
        #expect(VerificationKey(pem: publicKey) == key.verificationKey)
        #expect(SigningKey(pem: publicKey) == nil)
        #expect(VerificationKey(pem: privateKey) == nil)
        #expect(VerificationKey(pem: publicKey + publicKey) == nil)
        #expect(VerificationKey(pem: "") == nil)
    }
}
