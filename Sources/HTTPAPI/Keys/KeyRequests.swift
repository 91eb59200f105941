import Operations
import Queue

/// The body of `POST /v1/keys`.
struct NewKeyRequest: Decodable, Sendable {
    private enum Name: String, CodingKey, CaseIterable {
        case name, scopes, quotas
        case expiresAt = "expires_at"
        case expiresInSeconds = "expires_in_seconds"
    }

    let name: String
    let scopes: Set<APIKeyScope>
    let quotas: APIKeyQuotas
    let expiry: KeyExpiry?

    init(from decoder: any Decoder) throws {
        let members = try JSONMembers<Name>(decoder)
        name = try KeyRules.name(try members.value(.name, KeyRules.nameDetail))
        scopes = try KeyRules.scopes(try members.value(.scopes, KeyRules.scopesDetail) ?? [])
        let change = try members.value(.quotas, as: QuotaChange.self, KeyRules.quotasDetail)
        quotas = change?.quotas ?? APIKeyQuotas()
        let expiry = try KeyExpiry.change(
            at: try members.change(.expiresAt, KeyRules.expiresAtDetail),
            inSeconds: try members.change(.expiresInSeconds, KeyRules.expiresInDetail)
        )
        self.expiry = if case .set(let expiry) = expiry { expiry } else { nil }
    }
}

/// The body of `PATCH /v1/keys/{id}`, a merge patch (RFC 7396).
struct KeyChangeRequest: Decodable, Sendable {
    private enum Name: String, CodingKey, CaseIterable {
        case name, quotas
        case expiresAt = "expires_at"
        case expiresInSeconds = "expires_in_seconds"
    }

    let name: String?
    let quotas: QuotaChange
    let expiry: ValueChange<KeyExpiry>

    init(from decoder: any Decoder) throws {
        let members = try JSONMembers<Name>(decoder)
        switch try members.change(.name, as: String.self, KeyRules.nameDetail) {
        case .keep: name = nil
        case .remove: name = try KeyRules.name(nil)
        case .set(let text): name = try KeyRules.name(text)
        }
        switch try members.change(.quotas, as: QuotaChange.self, KeyRules.quotasDetail) {
        case .keep: quotas = .none
        case .remove: quotas = .all
        case .set(let change): quotas = change
        }
        expiry = try KeyExpiry.change(
            at: try members.change(.expiresAt, KeyRules.expiresAtDetail),
            inSeconds: try members.change(.expiresInSeconds, KeyRules.expiresInDetail)
        )
    }

    /// Converts the request to a change for the store.
    ///
    /// - Parameter now: The current time in milliseconds since 1970.
    /// - Returns: The change.
    /// - Throws: `KeyFault` for an expiry that is out of range.
    func change(now: Int64) throws(KeyFault) -> APIKeyChange {
        var change = APIKeyChange()
        change.name = name
        change.imagesQueued = quotas.imagesQueued
        change.bytesQueued = quotas.bytesQueued
        change.jobsPerMinute = quotas.jobsPerMinute
        switch expiry {
        case .keep: break
        case .remove: change.expiresAt = .remove
        case .set(let expiry): change.expiresAt = .set(try expiry.milliseconds(now: now))
        }
        return change
    }
}

/// The member `quotas` of both requests.
struct QuotaChange: Decodable, Sendable, Equatable {
    private enum Name: String, CodingKey, CaseIterable {
        case imagesQueued = "images_queued"
        case bytesQueued = "bytes_queued"
        case jobsPerMinute = "jobs_per_minute"
    }

    /// Keeps every quota.
    static let none = QuotaChange(all: .keep)
    /// Removes every quota.
    static let all = QuotaChange(all: .remove)

    let imagesQueued, bytesQueued, jobsPerMinute: ValueChange<Int>

    private init(all change: ValueChange<Int>) {
        (imagesQueued, bytesQueued, jobsPerMinute) = (change, change, change)
    }

    init(from decoder: any Decoder) throws {
        let members = try JSONMembers<Name>(decoder)
        func limit(
            _ name: Name,
            _ detail: String,
            _ check: (Int) throws -> Int
        ) throws -> ValueChange<Int> {
            let change = try members.change(name, as: Int.self, detail)
            guard case .set(let limit) = change else { return change }
            return .set(try check(limit))
        }
        imagesQueued = try limit(.imagesQueued, KeyRules.imagesQueuedDetail, KeyRules.imagesQueued)
        bytesQueued = try limit(.bytesQueued, KeyRules.bytesQueuedDetail, KeyRules.bytesQueued)
        jobsPerMinute = try limit(
            .jobsPerMinute,
            KeyRules.jobsPerMinuteDetail,
            KeyRules.jobsPerMinute
        )
    }

    /// The quotas of a new key, where nothing can be kept.
    var quotas: APIKeyQuotas {
        func limit(_ change: ValueChange<Int>) -> Int? {
            if case .set(let limit) = change { limit } else { nil }
        }
        return APIKeyQuotas(
            imagesQueued: limit(imagesQueued),
            bytesQueued: limit(bytesQueued),
            jobsPerMinute: limit(jobsPerMinute)
        )
    }
}
