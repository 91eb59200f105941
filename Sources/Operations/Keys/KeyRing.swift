import JobModel
import PostgresStore
public import Queue
import SQLiteStore
import SemanticImages

/// The API keys of a service, for commands; running servers apply every change at once, or, on other
/// machines, within a second.
///
/// It takes no lock and never changes the database's schema, so it does not get in a server's way.
public final class KeyRing: Sendable {
    /// Why a command cannot do its work.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        /// One sentence.
        public let description: String
        /// Whether the request itself is invalid, whatever the database holds.
        public var isUsage = false
    }

    /// The request for a new key, as typed on the command line.
    public struct NewKey: Sendable {
        /// A name for people.
        public var name: String
        /// What the key permits: `submit`, `read`, `admin`.
        public var scopes: [String]
        /// The limits on what the key may do.
        public var quotas: APIKeyQuotas
        /// The time of expiry in RFC 3339 form; without this and ``expiresInSeconds`` the key never
        /// expires.
        public var expiresAt: String?
        /// The seconds until the key expires.
        public var expiresInSeconds: Int64?

        /// Creates a request.
        public init(name: String, scopes: [String], quotas: APIKeyQuotas = APIKeyQuotas()) {
            self.name = name
            self.scopes = scopes
            self.quotas = quotas
        }
    }

    /// What holds the keys, as a sentence begins with it.
    private let place: String
    private let store: any KeyCatalog & StoreUpkeep

    /// Opens the data folder of a server, which may be running.
    ///
    /// - Parameter path: The folder.
    /// - Throws: ``Fault`` if there is no data folder, it belongs to another user, or its database
    ///   has another version's schema.
    public init(dataFolder path: String) throws(Fault) {
        place = "The data folder \(path)"
        do {
            let database = try DataFolder.existingDatabase(of: path)
            store = try SQLiteStore(
                attachingTo: database,
                generatorVersion: SemanticImageGenerator.version
            )
        } catch let fault as DataFolder.Fault {
            throw Fault(description: fault.description)
        } catch {
            let loss = DataFolder.loss(error, of: path)
            throw loss.map { Fault(description: $0.description) } ?? Self.unusable(place, error)
        }
    }

    /// Opens the database of servers that may be running.
    ///
    /// This blocks on the network and the database.
    ///
    /// - Parameter location: Where the database is.
    /// - Throws: ``Fault`` if it does not answer, or has no schema, or another version's.
    public init(database location: DatabaseLocation.PostgresDatabase) throws(Fault) {
        place = "The database \(location.location)"
        do throws(StoreError) {
            store = try PostgresStore(
                attachingTo: location.location,
                generatorVersion: SemanticImageGenerator.version
            )
        } catch {
            throw Fault(description: location.complaint(error))
        }
    }

    /// Closes the database; every later call fails.
    ///
    /// - Throws: ``Fault``.
    public func close() throws(Fault) {
        do { try store.close() } catch { throw Self.unusable(place, error) }
    }

    // MARK: - Changing

    /// Creates a key.
    ///
    /// - Returns: The key and its secret, which cannot be read again.
    /// - Throws: ``Fault`` if the request is invalid or the database fails.
    public func create(_ new: NewKey) async throws(Fault) -> (key: APIKey, secret: APIKeySecret) {
        do {
            let name = try KeyRules.name(new.name)
            let scopes = try KeyRules.scopes(new.scopes)
            let quotas = try KeyRules.quotas(new.quotas)
            let expiry = try KeyExpiry(at: new.expiresAt, inSeconds: new.expiresInSeconds)
            let expiresAt = try expiry?.milliseconds(now: store.currentTime)
            let secret = try APIKeySecret.generate()
            let key = try await store.createKey(
                name: name,
                scopes: scopes,
                quotas: quotas,
                expiresAt: expiresAt,
                hash: secret.hash,
                prefix: secret.prefix
            )
            return (key, secret)
        } catch let fault as KeyFault {
            throw Fault(description: fault.detail, isUsage: true)
        } catch {
            throw Self.unusable(place, error)
        }
    }

    /// Revokes a key.
    ///
    /// - Parameter named: The key's identifier, or the name of an active one.
    /// - Returns: The key as it was.
    /// - Throws: ``Fault`` if there is none, several have this name, it is the last active one with
    ///   the scope `admin`, or the database fails.
    public func revoke(named: String) async throws(Fault) -> APIKey {
        let key = try await key(named: named)
        let revocation: APIKeyRevocation
        do { revocation = try await store.revokeKey(key.id) } catch {
            throw Self.unusable(place, error)
        }
        guard revocation != .lastAdmin else {
            throw Fault(
                description:
                    "\(key.id) is the last active API key with the scope 'admin'; make another one first."
            )
        }
        return key
    }

    // MARK: - Reading

    /// Returns all keys, including expired and revoked ones, oldest first.
    public func keys() async throws(Fault) -> [APIKey] {
        do { return try await store.keys() } catch { throw Self.unusable(place, error) }
    }

    /// Finds a key by identifier or name.
    ///
    /// - Parameter named: The key's identifier, or the name of an active one.
    /// - Returns: The key.
    /// - Throws: ``Fault`` if there is none, or several have this name.
    public func key(named: String) async throws(Fault) -> APIKey {
        let now = store.currentTime
        let keys = try await keys()
        if let key = keys.first(where: { $0.id.text == named }) { return key }
        do throws(KeyNameFault) {
            return try KeyNameFault.find(named, among: keys.filter { $0.state(at: now) == .active })
        } catch {
            throw Fault(description: error.description)
        }
    }

    /// Returns the current state of a key.
    public func state(of key: APIKey) -> APIKeyState {
        key.state(at: store.currentTime)
    }

    /// Encodes keys as JSON, as `GET /v1/keys` shows them.
    ///
    /// - Returns: An object with the member `keys`, and a newline.
    /// - Throws: ``Fault``.
    public func json(of keys: [APIKey]) throws(Fault) -> String {
        let now = store.currentTime
        let document = KeyListDocument(
            keys: keys.map { KeyDocument($0, now: now) },
            nextCursor: nil
        )
        return try text(document)
    }

    /// Encodes one key as JSON, as `GET /v1/keys/{id}` shows it.
    ///
    /// - Returns: An object, and a newline.
    /// - Throws: ``Fault``.
    public func json(of key: APIKey, secret: APIKeySecret? = nil) throws(Fault) -> String {
        try text(KeyDocument(key, now: store.currentTime, secret: secret))
    }

    private func text(_ document: some Encodable) throws(Fault) -> String {
        do {
            return String(decoding: try JSONDocument.bytes(document), as: UTF8.self)
        } catch {
            throw Self.unusable(place, error)
        }
    }

    private static func unusable(_ place: String, _ error: any Error) -> Fault {
        Fault(description: "\(place) cannot be used: \(error)")
    }
}
