import Testing

@testable import Cryptography

@Suite struct SealedFileTests {
    private let content = Array("what nobody else may see".utf8)
    private let subject = SHA256.hash([1, 2, 3])

    @Test
    func `The passphrase or the key opens what was sealed to its recipient, and nothing else does`()
        throws
    {
        let passphrase = try #require(SealingSecret(passphrase: "correct horse"))
        let key = try #require(SealingSecret(keyHex: String(repeating: "0F", count: 32)))
        for (secret, others) in [(passphrase, [key]), (key, [passphrase])] {
            let recipient = try #require(try secret.recipient())
            let file = try #require(try SealedFile.seal(content, to: recipient, subject: subject))
            let sealed = try #require(SealedFile(file))
            #expect(sealed.subject == subject)
            #expect(sealed.open(by: secret) == content)
            #expect(secret.isSecret(of: recipient) == true)
            for other in others + [
                .passphrase("correct horsf"), .key([UInt8](repeating: 1, count: 32)),
            ] {
                #expect(sealed.open(by: other) == nil)
                #expect(other.isSecret(of: recipient) == false)
            }
        }
        #expect(try passphrase.recipient() != passphrase.recipient(), "each has a salt of its own")
        #expect(try key.recipient() == key.recipient())
    }

    @Test func `A file of which any byte was changed is not opened`() throws {
        let secret = SealingSecret.key([UInt8](repeating: 7, count: 32))
        let recipient = try #require(try secret.recipient())
        let file = try #require(try SealedFile.seal(content, to: recipient, subject: subject))
        for index in file.indices {
            var changed = file
            changed[index] ^= 0x01
            // Flipping the lowest bit never merely changes the case of a digit.
            #expect(SealedFile(changed)?.open(by: secret) == nil, "byte \(index)")
            #expect(SealedFile(Array(file[..<index]))?.open(by: secret) == nil, "\(index) bytes")
        }
    }

    @Test func `One secret opens files of several salts, and is proven by what it has opened`()
        throws
    {
        let secret = try #require(SealingSecret(passphrase: "correct horse"))
        func sealed(to secret: SealingSecret) throws -> (SealedFile, changed: SealedFile) {
            let recipient = try #require(try secret.recipient())
            var file = try #require(try SealedFile.seal(content, to: recipient, subject: subject))
            let whole = try #require(SealedFile(file))
            file[file.count - 1] ^= 1
            return (whole, try #require(SealedFile(file)))
        }
        var keys = SealingKeys(secret)
        let other = try sealed(to: .passphrase("correct horsf"))
        for (file, changed) in [try sealed(to: secret), try sealed(to: secret)] {
            #expect(keys.fits(file) && !keys.isProven(for: file))
            #expect(keys.open(changed) == nil && !keys.isProven(for: changed))
            for _ in 0..<2 { #expect(keys.open(file) == content) }
            #expect(keys.open(changed) == nil && keys.isProven(for: changed))
            #expect(keys.open(other.0) == nil && !keys.isProven(for: other.0))
        }
        // All files of keys look alike, so one says nothing about another.
        let key = SealingSecret.key([UInt8](repeating: 7, count: 32))
        let (file, _) = try sealed(to: key)
        #expect(!keys.fits(file) && keys.open(file) == nil)
        keys = SealingKeys(key)
        #expect(keys.fits(file) && keys.open(file) == content && !keys.isProven(for: file))
    }

    @Test func `Recipients are stored as text, and dear ones are refused`() throws {
        let salt = [UInt8](0..<16)
        let source = SealingRecipient.Source.passphrase(salt: salt, .standard)
        #expect(source.text == "scrypt 16 8 2 000102030405060708090a0b0c0d0e0f")
        #expect(SealingRecipient.Source(text: source.text) == source)
        // Files sealed by earlier versions must still open.
        let earlier = "scrypt 15 8 1 000102030405060708090a0b0c0d0e0f"
        #expect(SealingRecipient.Source(text: earlier)?.text == earlier)
        #expect(SealingRecipient.Source(text: "given") == .given)
        for text in [
            "", "scrypt", "scrypt 20 32 1 0001020304050607", "scrypt 15 8 1 00",
            "scrypt 15 8 1 000102030405060708 ",
        ] {
            #expect(SealingRecipient.Source(text: text) == nil)
        }
    }

    @Test func `Secrets that are too short or too long are refused`() {
        #expect(SealingSecret(passphrase: "1234567") == nil)
        #expect(SealingSecret(passphrase: "12345678") != nil)
        #expect(SealingSecret(passphrase: String(repeating: "a", count: 1025)) == nil)
        #expect(SealingSecret(keyHex: String(repeating: "0", count: 63)) == nil)
    }
}
