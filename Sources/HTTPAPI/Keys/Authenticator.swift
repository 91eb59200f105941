import Cryptography
import HTTPTypes
import HTTPWire
import Queue

/// Finds the API key of a request.
///
/// Only digests of keys are stored and compared. The time of the index lookup reveals nothing about
/// a key, since nobody can choose the digest of a guess.
struct Authenticator: Sendable {
    private let store: any KeyCatalog

    init(store: any KeyCatalog) {
        self.store = store
    }

    /// Returns the key of a request, and notes that it was used.
    ///
    /// - Parameters:
    ///   - fields: The fields of the request.
    ///   - scope: The scope that the key must have.
    /// - Returns: The key.
    /// - Throws: ``APIError/keyMissing`` and ``APIError/keyInvalid`` (401),
    ///   ``APIError/scopeMissing(_:)`` (403); faults of the store.
    func key(of fields: HTTPFields, for scope: APIKeyScope) async throws -> APIKey {
        let values = fields[values: .authorization]
        guard values.count == 1, let secret = try Self.secret(in: values[0]) else {
            throw APIError.keyMissing
        }
        guard let key = try await store.key(hash: APIKeySecret(presented: secret).hash) else {
            throw APIError.keyInvalid
        }
        store.noteUse(of: key)
        guard key.scopes.contains(scope) else { throw APIError.scopeMissing(scope) }
        return key
    }

    /// Extracts the key from the value of an `Authorization` field.
    ///
    /// Bearer credentials are the key itself (RFC 6750); of Basic credentials the user name is (RFC
    /// 7617).
    ///
    /// - Returns: The key, 1 to 256 bytes of UTF-8; `nil` for another scheme.
    /// - Throws: ``APIError/keyInvalid`` for either scheme without a usable key.
    static func secret(in value: String) throws(APIError) -> String? {
        let space = UInt8(ascii: " ")
        let parts = value.utf8.split(
            separator: space,
            maxSplits: 1,
            omittingEmptySubsequences: true
        )
        guard let scheme = parts.first.map(Substring.init) else { return nil }
        let isBearer = scheme.equalsIgnoringASCIICase("bearer")
        guard isBearer || scheme.equalsIgnoringASCIICase("basic") else { return nil }
        guard parts.count == 2 else { throw .keyInvalid }
        let credentials = Array(parts[1].drop { $0 == space })
        let secret: [UInt8]
        if isBearer {
            secret = credentials
        } else {
            guard let decoded = Base64.decode(credentials),
                let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
            else {
                throw .keyInvalid
            }
            secret = Array(decoded[..<colon])
        }
        guard (1...256).contains(secret.count), let text = String(validating: secret, as: UTF8.self)
        else {
            throw .keyInvalid
        }
        return text
    }
}
