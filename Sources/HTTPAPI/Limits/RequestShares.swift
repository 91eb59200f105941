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
    enum Holder: Hashable, Sendable {
        /// One key.
        case key(APIKeyID)
        /// All admin keys together, on the reserved connections.
        case adminsOnReserve
    }

    /// One request's place in a share, which `deinit` releases.
    final class Lease: Sendable {
        private let holder: Holder
        private let shares: RequestShares

        fileprivate init(_ holder: Holder, of shares: RequestShares) {
            self.holder = holder
            self.shares = shares
        }

        deinit {
            shares.leave(holder)
        }
    }

    private let counts = Mutex<[Holder: Int]>([:])

    /// Returns the number of open requests of a holder.
    func count(_ holder: Holder) -> Int { counts.withLock { $0[holder, default: 0] } }

    /// Occupies a place in a share.
    ///
    /// - Parameters:
    ///   - holder: The owner of the share.
    ///   - most: The share's size in requests.
    /// - Returns: The place; `nil` if the share is exhausted.
    func enter(_ holder: Holder, most: Int) -> Lease? {
        let isFree = counts.withLock { counts in
            guard counts[holder, default: 0] < most else { return false }
            counts[holder, default: 0] += 1
            return true
        }
        return isFree ? Lease(holder, of: self) : nil
    }

    private func leave(_ holder: Holder) {
        counts.withLock { counts in
            let count = counts[holder, default: 1] - 1
            counts[holder] = count == 0 ? nil : count
        }
    }
}

extension API {
    /// The places that a request occupies until its answer is sent.
    struct Leases: Sendable {
        let ofKey: RequestShares.Lease
        let onReserve: RequestShares.Lease?
    }

    /// The most reserved connections for admins; the others are left to health checks and metrics.
    static let maxAdminsOnReserve = Settings.reservedConnections / 2

    /// Admits a request to its key's share.
    ///
    /// - Throws: ``APIError/keyBusy(_:)`` (429) if the share is exhausted.
    ///   ``APIError/connectionsExhausted`` (503) on a reserved connection, unless the key is an
    ///   admin's and the admins' share has room.
    func lease(for request: ServerRequest, of key: APIKey) throws(APIError) -> Leases {
        var onReserve: RequestShares.Lease?
        if request.isOnReserve {
            guard key.scopes.contains(.admin) else { throw .connectionsExhausted }
            onReserve = shares.enter(.adminsOnReserve, most: Self.maxAdminsOnReserve)
            guard onReserve != nil else { throw .connectionsExhausted }
        }
        guard let ofKey = shares.enter(.key(key.id), most: settings.maxRequestsPerKey) else {
            throw .keyBusy(settings.maxRequestsPerKey)
        }
        return Leases(ofKey: ofKey, onReserve: onReserve)
    }
}

extension APIError {
    /// The refusal of a request beyond its key's share.
    static func keyBusy(_ most: Int) -> APIError {
        APIError(
            .tooManyRequests,
            "key_busy",
            "This API key has \(most) requests under way, as many as it may, event streams and waits among them; "
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
