public import Cryptography
public import JobModel

/// What an API key may do.
public enum APIKeyScope: String, Sendable, CaseIterable {
    /// Send images, and cancel and erase jobs.
    case submit
    /// Look at jobs and fetch what became of their images.
    case read
    /// Make, list, change and revoke keys.
    case admin
}

/// Whether an API key is taken.
public enum APIKeyState: String, Sendable {
    /// It is.
    case active
    /// Its time is over.
    case expired
    /// It was revoked.
    case revoked
}

/// An API key, without its secret, of which only the hash is kept.
///
/// Times are milliseconds since 1970.
public struct APIKey: Sendable, Equatable {
    /// The key's name for the system, which is also its owner's.
    public let id: APIKeyID
    /// The key's name for people.
    public let name: String
    /// What it may do.
    public let scopes: Set<APIKeyScope>
    /// How much it may do.
    public let quotas: APIKeyQuotas
    /// The first characters of the secret.
    public let prefix: String
    /// When it was made.
    public let createdAt: Int64
    /// When it stops to be taken; `nil` for never.
    public let expiresAt: Int64?
    /// When it was last used, to some minutes; `nil` for never.
    public let lastUsedAt: Int64?
    /// When it was revoked, if it was.
    public let revokedAt: Int64?

    /// Whether it is taken.
    ///
    /// - Parameter time: Now, in milliseconds since 1970.
    /// - Returns: Its state.
    public func state(at time: Int64) -> APIKeyState {
        if revokedAt != nil { return .revoked }
        return (expiresAt ?? .max) <= time ? .expired : .active
    }
}

/// A page of API keys.
public struct APIKeyPage: Sendable, Equatable {
    /// The keys, newest first.
    public let keys: [APIKey]
    /// What to ask for the next page with; `nil` on the last one.
    public let nextCursor: String?
}

/// The secret of a new API key: `plm_` and 43 characters of base64url, that is 32 random bytes.
///
/// It is shown once and never stored. A description of it shows its beginning only.
public struct APIKeySecret: Sendable {
    /// The whole secret.
    public let text: String

    /// Draws a secret.
    ///
    /// - Returns: A secret that nobody has.
    /// - Throws: ``JobStoreError/randomUnavailable``.
    public static func generate() throws(JobStoreError) -> APIKeySecret {
        do throws(CryptographyError) {
            return APIKeySecret(bytes: try SecureRandom.bytes(32))
        } catch {
            throw .randomUnavailable
        }
    }

    /// Takes a secret as somebody presents it; whether it is a key, only ``JobStore/key(hash:)`` can tell.
    public init(presented text: String) {
        self.text = text
    }

    init(bytes: [UInt8]) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
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
    /// A plain hash is enough: 256 random bits cannot be guessed, so there is nothing for a slow one to slow down.
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
