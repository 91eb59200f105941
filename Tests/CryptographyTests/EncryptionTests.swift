import Testing

@testable import Cryptography

private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

@Suite struct EncryptionTests {
    @Test func `HKDF agrees with RFC 5869, appendix A-1`() {
        let key = HKDFSHA256.extract(salt: Array(0...12), [UInt8](repeating: 0x0B, count: 22))
        #expect(
            HKDFSHA256.expand(key, info: Array(0xF0...0xF9), count: 42)
                == bytes(
                    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
                )
        )
    }

    @Test func `scrypt agrees with RFC 7914, section 12`() throws {
        let cheap = try #require(Scrypt.Parameters(logCost: 4, blockSize: 1, parallelization: 1))
        #expect(
            Scrypt.derive([], salt: [], cheap, count: 64)
                == bytes(
                    "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                        + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
                )
        )
        let dear = try #require(Scrypt.Parameters(logCost: 10, blockSize: 8, parallelization: 16))
        #expect(
            Scrypt.derive(Array("password".utf8), salt: Array("NaCl".utf8), dear, count: 64)
                == bytes(
                    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
                )
        )
        #expect(Scrypt.Parameters(logCost: 20, blockSize: 32, parallelization: 1) == nil, "4 GiB")
        #expect(Scrypt.derive([1], salt: [2])?.count == 32)
    }

    /// The keys are from RFC 9180, appendix A.1.1; the ciphertext is pyhpke's, for AES-256.
    @Test func `HPKE agrees with RFC 9180 and with pyhpke`() throws {
        let recipient = HPKE.PrivateKey(
            derivedFrom: bytes("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037")
        )
        #expect(
            recipient.publicKey.bytes
                == bytes("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
        )
        let ephemeral = HPKE.PrivateKey(
            derivedFrom: bytes("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234")
        )
        let info = Array("Ode on a Grecian Urn".utf8)
        let sealed = try #require(
            HPKE.seal(
                Array("Beauty is truth, truth beauty".utf8),
                to: recipient.publicKey,
                by: ephemeral,
                info: info,
                additional: Array("Count-0".utf8)
            )
        )
        #expect(
            sealed.encapsulatedKey
                == bytes("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
        )
        #expect(
            sealed.ciphertext
                == bytes(
                    "090b7dc225419f7da9e8b460becfbb96a26c7964d79b8010d397fa838530a32a"
                        + "397b14f5776db19ff5e57734e0"
                )
        )
    }

    @Test func `What was changed, or is for somebody else, cannot be opened`() throws {
        let owner = HPKE.PrivateKey(derivedFrom: try SecureRandom.bytes(32))
        let stranger = HPKE.PrivateKey(derivedFrom: try SecureRandom.bytes(32))
        for message in [[], Array("message".utf8)] {
            let sealed = try #require(
                try HPKE.seal(message, to: owner.publicKey, info: [1], additional: [2])
            )
            func open(
                _ key: HPKE.PrivateKey,
                _ ciphertext: [UInt8]? = nil,
                info: [UInt8] = [1],
                additional: [UInt8] = [2]
            ) -> [UInt8]? {
                HPKE.open(
                    ciphertext ?? sealed.ciphertext,
                    encapsulatedKey: sealed.encapsulatedKey,
                    by: key,
                    info: info,
                    additional: additional
                )
            }
            #expect(open(owner) == message)
            #expect(open(stranger) == nil)
            #expect(open(owner, info: []) == nil)
            #expect(open(owner, additional: [3]) == nil)
            #expect(open(owner, []) == nil)
            for index in sealed.ciphertext.indices {
                var changed = sealed.ciphertext
                changed[index] ^= 1
                #expect(open(owner, changed) == nil)
                #expect(open(owner, Array(sealed.ciphertext[..<index])) == nil)
            }
        }
        let nobody = try #require(HPKE.PublicKey(bytes: [UInt8](repeating: 0, count: 32)))
        #expect(try HPKE.seal([1], to: nobody, info: [], additional: []) == nil)
    }
}
