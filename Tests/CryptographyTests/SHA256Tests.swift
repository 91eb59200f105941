import Testing

@testable import Cryptography

/// The expected values are the examples of FIPS 180-4 and sums by coreutils' sha256sum.
@Suite struct SHA256Tests {
    static let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func `A message has the hash of the standard`(message: String, expected: String) {
        #expect(SHA256.hash(Array(message.utf8)).hex == expected)
    }

    @Test func `A million letters fed in uneven pieces have the hash of the standard`() {
        var hash = SHA256()
        var left = 1_000_000
        var size = 1
        while left > 0 {
            let piece = min(size, left)
            hash.update(repeatElement(UInt8(ascii: "a"), count: piece))
            left -= piece
            size = size * 3 + 1
        }
        #expect(hash.finalize().hex == Self.million)
    }

    @Test func `A copy goes its own way`() {
        var first = SHA256()
        first.update(Array("ab".utf8))
        var second = first
        second.update(Array("c".utf8))
        first.update(Array("d".utf8))
        #expect(second.finalize() == SHA256.hash(Array("abc".utf8)))
        #expect(first.finalize() == SHA256.hash(Array("abd".utf8)))
    }

    @Test func `Finalizing does not end the hash`() {
        var hash = SHA256()
        hash.update([97])
        #expect(hash.finalize() == SHA256.hash([97]))
        hash.update([98, 99])
        #expect(hash.finalize() == SHA256.hash(Array("abc".utf8)))
    }

    @Test func `A digest reads back from its digits of either case`() throws {
        let digest = SHA256.hash([1, 2, 3])
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect("\(digest)" == digest.hex)
    }

    @Test(arguments: [
        "", "ab", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "g", count: 64), "0x" + String(repeating: "a", count: 62),
        String(repeating: "é", count: 32),
    ]) func `Anything but 64 digits is no digest`(text: String) {
        #expect(SHA256Digest(hex: text) == nil)
    }

    /// Computed with Python's hashlib.
    @Test
    func `The seed of a sample is a hash of the word, the class's seed and the file's hash`() {
        #expect(SHA256.hash([]).sampleSeed(0x0102_0304_0506_0708) == 16_462_780_362_032_031_660)
        #expect(SHA256.hash([]).sampleSeed(0) == 9_371_769_756_018_250_412)
    }

    @Test func `Hashed bytes are equal when their hashes are`() {
        let bytes = HashedBytes(Array("abc".utf8))
        #expect(
            bytes.sha256.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(bytes == HashedBytes(Array("abc".utf8), sha256: bytes.sha256))
        #expect(bytes != HashedBytes(Array("abd".utf8)))
    }

    @Test func `Anything but 32 bytes is no digest`() {
        #expect(SHA256Digest(bytes: []) == nil)
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
    }
}
