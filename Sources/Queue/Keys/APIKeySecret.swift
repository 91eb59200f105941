public import Cryptography

/// The secret of a new API key: `plm_` and 43 characters of base64url, that is 32 random bytes.
///
/// It is shown once and never stored. Its description shows only its beginning.
public struct APIKeySecret: Sendable {
    /// The whole secret.
    public let text: String

    /// Draws a secret.
    ///
    /// - Throws: ``StoreError/randomUnavailable``.
    public static func generate() throws(StoreError) -> APIKeySecret {
        do throws(CryptographyError) {
            return APIKeySecret(bytes: try SecureRandom.bytes(32))
        } catch {
            throw .randomUnavailable
        }
    }

    /// Takes a secret as somebody presents it; only ``KeyCatalog/key(hash:)`` can tell whether it
    /// is a key's.
    public init(presented text: String) {
        self.text = text
    }

    init(bytes: [UInt8]) {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
        )
        var characters: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                characters.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { characters.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        text = "plm_" + String(decoding: characters, as: UTF8.self)
    }

    /// The hash that stands for the secret in the database.
    ///
    /// A plain hash is enough: nobody can guess 256 random bits, so a slow hash would slow nobody
    /// down.
    public var hash: SHA256Digest {
        SHA256.hash(Array(text.utf8))
    }

    /// The first ten characters, by which a person tells keys apart.
    public var prefix: String {
        String(text.prefix(10))
    }
}

extension APIKeySecret: CustomStringConvertible, CustomDebugStringConvertible {
    /// The prefix alone.
    public var description: String { prefix + "…" }
    /// The prefix alone.
    public var debugDescription: String { description }
}
