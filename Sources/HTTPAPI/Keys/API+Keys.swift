import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import Operations
import Queue

/// `/v1/keys`; requires the scope `admin`.
extension API {
    /// `POST /v1/keys`: creates a key; no other answer contains the secret.
    func createKey(_ request: ServerRequest, by admin: APIKey) async throws -> ServerResponse {
        try allow([], in: request.target)
        let new = try await JSONBody.decode(NewKeyRequest.self, from: request)
        let secret = try APIKeySecret.generate()
        let key = try await store.createKey(
            name: new.name,
            scopes: new.scopes,
            quotas: new.quotas,
            expiresAt: try new.expiry?.milliseconds(now: store.currentTime),
            hash: secret.hash,
            prefix: secret.prefix
        )
        log("key made", key.id, by: admin)
        return try answer(
            KeyDocument(key, now: store.currentTime, secret: secret),
            status: .created,
            fields: [.location: KeyDocument.path(of: key.id)]
        )
    }

    /// `GET /v1/keys`.
    func listKeys(_ request: ServerRequest) async throws -> ServerResponse {
        try allow(["cursor", "limit"], in: request.target)
        let page = try await store.keys(
            cursor: request.target.queryValue("cursor"),
            limit: try limit(request.target)
        )
        let now = store.currentTime
        return try answer(
            KeyListDocument(
                keys: page.keys.map { KeyDocument($0, now: now) },
                nextCursor: page.nextCursor
            )
        )
    }

    /// `GET /v1/keys/{id}`.
    func showKey(_ request: ServerRequest, id: String) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let id = APIKeyID(id), let key = try await store.key(id) else {
            throw APIError.keyUnknown
        }
        return try answer(KeyDocument(key, now: store.currentTime))
    }

    /// `PATCH /v1/keys/{id}`.
    func updateKey(
        _ request: ServerRequest,
        id: String,
        by admin: APIKey
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        let mediaTypes = ["application/json", "application/merge-patch+json"]
        let change = try await JSONBody.decode(
            KeyChangeRequest.self,
            from: request,
            mediaTypes: mediaTypes
        )
        guard let id = APIKeyID(id) else { throw APIError.keyUnknown }
        switch try await store.updateKey(id, try change.change(now: store.currentTime)) {
        case .unknown: throw APIError.keyUnknown
        case .revoked:
            throw APIError(
                .conflict,
                "key_revoked",
                "The API key was revoked and cannot be changed."
            )
        case .lastAdmin:
            throw APIError(
                .conflict,
                "last_admin_key",
                "With this expiry no other active API key with the scope 'admin' would outlive this one; create one first."
            )
        case .updated(let key):
            log("key changed", id, by: admin)
            return try answer(KeyDocument(key, now: store.currentTime))
        }
    }

    /// `POST /v1/keys/{id}/revoke`: revokes a key; its row and its jobs stay.
    func revokeKey(
        _ request: ServerRequest,
        id text: String,
        by admin: APIKey
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let id = APIKeyID(text) else { throw APIError.keyUnknown }
        switch try await store.revokeKey(id) {
        case .unknown: throw APIError.keyUnknown
        case .lastAdmin:
            throw APIError(
                .conflict,
                "last_admin_key",
                "This is the last active API key with the scope 'admin'; make another one before you revoke it."
            )
        case .revoked: log("key revoked", id, by: admin)
        case .revokedBefore: break
        }
        return try await showKey(request, id: text)
    }

    private func log(_ event: Logger.Message, _ id: APIKeyID, by admin: APIKey) {
        logger.notice(event, metadata: ["key.id": "\(id)", "key.admin": "\(admin.id)"])
    }
}

extension KeyDocument {
    /// The path of a key's resource.
    fileprivate static func path(of id: APIKeyID) -> String { "/v1/keys/\(id)" }
}

extension APIError {
    static let keyUnknown = APIError(.notFound, "key_unknown", "There is no such API key.")
}
