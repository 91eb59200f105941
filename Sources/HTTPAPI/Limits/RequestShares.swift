import HTTPServer
import HTTPTypes
import JobModel
import Queue
import Synchronization

/// Counts the requests that are under way, whatever they do: uploads, downloads, waits and streams of events all hold a connection.
///
/// Behind a proxy all clients have one address, so that the key alone says whose a request is.
final class RequestShares: Sendable {
    /// Whose share a request takes.
    enum Holder: Hashable, Sendable {
        /// That of a key.
        case key(APIKeyID)
        /// That which admins have together of the connections on reserve.
        case adminsOnReserve
    }

    /// A request's part of a share, for as long as somebody holds it.
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

    /// How many requests of a holder are under way.
    func count(_ holder: Holder) -> Int { counts.withLock { $0[holder, default: 0] } }

    /// Takes part of a share.
    ///
    /// - Parameters:
    ///   - holder: Whose.
    ///   - most: How many requests there may be at once.
    /// - Returns: The part; `nil` when all of the share is taken.
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
    /// What a request with a key holds until its answer has left.
    struct Leases: Sendable {
        let ofKey: RequestShares.Lease
        let onReserve: RequestShares.Lease?
    }

    /// Of the connections on reserve so many may be admins'; the rest is for who asks how the service is.
    static let maxAdminsOnReserve = Settings.reservedConnections / 2

    /// Takes a request into its key's share.
    ///
    /// - Throws: ``APIError/keyBusy(_:)`` (429) over the share, ``APIError/connectionsExhausted`` (503) while all connections are taken and
    ///   the key is no admin's.
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
