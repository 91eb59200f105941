import Testing

@testable import Cryptography

@Suite struct SecretsTests {
    /// RFC 4231, test cases 1, 2, 3 and 6 (a key longer than the block), and an empty key and
    /// message from Python's hmac.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]) func `A message has the code of RFC 4231`(key: [UInt8], message: [UInt8], expected: String) {
        #expect(HMACSHA256.authenticate(message, key: key).hex == expected)
    }

    @Test func `Random bytes have the length asked for and differ from draw to draw`() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        let draws = try (0..<64).map { _ in try SecureRandom.bytes(16) }
        #expect(draws.allSatisfy { $0.count == 16 })
        #expect(Set(draws).count == 64)
        #expect(try SecureRandom.uint64() != SecureRandom.uint64())
    }

    @Test(arguments: [-1, (1 << 20) + 1]) func `A senseless number of random bytes is refused`(
        count: Int
    ) {
        #expect(throws: CryptographyError.randomUnavailable) { try SecureRandom.bytes(count) }
    }
}
