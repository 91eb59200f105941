import Synchronization

/// The keys in use, which are read anew when the store refuses them.
final class CurrentCredentials: Sendable {
    private let source: S3CredentialsSource
    private let current: Mutex<S3Credentials>

    /// Reads the keys.
    init(_ source: S3CredentialsSource) throws(S3CredentialsError) {
        self.source = source
        current = Mutex(try source.read())
    }

    /// The keys to sign with now.
    var value: S3Credentials { current.withLock(\.self) }

    /// Returns other keys than those that the store has refused; `nil` if there are none.
    ///
    /// - Throws: ``S3CredentialsError``; the keys in use stay.
    func replacement(for refused: S3Credentials) throws(S3CredentialsError) -> S3Credentials? {
        // Another request may have met the refusal, and read the new keys, before.
        let current = value
        if current != refused { return current }
        let read = try source.read()
        self.current.withLock { $0 = read }
        return read == refused ? nil : read
    }
}
