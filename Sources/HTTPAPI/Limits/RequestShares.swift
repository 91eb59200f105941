import HTTPServer
import HTTPTypes
import JobModel
import Queue
import Synchronization

/// Limits the concurrent requests of each key.
///
/// Uploads, downloads, waits and event streams all occupy a connection. Behind a proxy all clients
/// have the same address, so only the key tells them apart.
final class RequestShares: Sendable {
    /// The owner of a share.
    enum Owner: Hashable, Sendable {
        /// One key.
        case key(APIKeyID)
        /// The previews of one key.
        case preview(APIKeyID)
        /// All admin keys together, on the reserved connections.
        case adminsOnReserve
    }

    /// One request's permit from a share, which `deinit` releases.
    final class Permit: Sendable {
        private let owner: Owner
        private let shares: RequestShares

        fileprivate init(_ owner: Owner, of shares: RequestShares) {
            self.owner = owner
            self.shares = shares
        }

        deinit {
            shares.leave(owner)
        }
    }

    private let counts = Mutex<[Owner: Int]>([:])

    /// Returns the number of open requests of an owner.
    func count(_ owner: Owner) -> Int { counts.withLock { $0[owner, default: 0] } }

    /// Takes a permit from a share.
    ///
    /// - Parameters:
    ///   - owner: The owner of the share.
    ///   - most: The share's size in requests.
    /// - Returns: The permit; `nil` if the share is exhausted.
    func enter(_ owner: Owner, most: Int) -> Permit? {
        let isFree = counts.withLock { counts in
            guard counts[owner, default: 0] < most else { return false }
            counts[owner, default: 0] += 1
            return true
        }
        return isFree ? Permit(owner, of: self) : nil
    }

    private func leave(_ owner: Owner) {
        counts.withLock { counts in
            let count = counts[owner, default: 1] - 1
            counts[owner] = count == 0 ? nil : count
        }
    }
}

extension API {
    /// The permits that a request holds until its answer is sent.
    struct RequestPermits: Sendable {
        let ofKey: RequestShares.Permit
        let onReserve: RequestShares.Permit?
    }

    /// The most reserved connections for admins; the others are left to health checks and metrics.
    static let maxAdminsOnReserve = Settings.reservedConnections / 2

    /// Admits a request to its key's share.
    ///
    /// - Throws: ``APIError/keyBusy(_:)`` (429) if the share is exhausted.
    ///   ``APIError/connectionsExhausted`` (503) on a reserved connection, unless the key is an
    ///   admin's and the admins' share has room.
    func permits(for request: ServerRequest, of key: APIKey) throws(APIError) -> RequestPermits {
        var onReserve: RequestShares.Permit?
        if request.isOnReserve {
            guard key.scopes.contains(.admin) else { throw .connectionsExhausted }
            onReserve = shares.enter(.adminsOnReserve, most: Self.maxAdminsOnReserve)
            guard onReserve != nil else { throw .connectionsExhausted }
        }
        guard let ofKey = shares.enter(.key(key.id), most: settings.maxRequestsPerKey) else {
            throw .keyBusy(settings.maxRequestsPerKey)
        }
        return RequestPermits(ofKey: ofKey, onReserve: onReserve)
    }
}

extension APIError {
    /// The refusal of a request beyond its key's share.
    static func keyBusy(_ most: Int) -> APIError {
        APIError(
            .tooManyRequests,
            "key_busy",
            "This API key already has \(most) requests under way, the most it may have, event streams and waits included; "
                + "try again when one has ended.",
            fields: [.retryAfter: "5"]
        )
    }

    static let connectionsExhausted = APIError(
        .serviceUnavailable,
        "connections_exhausted",
        "All connections of the service are taken; try again in a moment.",
        fields: [.retryAfter: "2", .connection: "close"]
    )
}
