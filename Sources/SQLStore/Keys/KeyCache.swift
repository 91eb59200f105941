import Cryptography
import Queue
import Synchronization

/// Caches keys, so that a poll need not query the database to authenticate.
///
/// The cached keys are valid for one version of them, see ``SQLStore/keysVersion()``; another one
/// invalidates them all. A row read after its version was asked for is at least as new.
final class KeyCache: Sendable {
    private struct State {
        var keys: [SHA256Digest: APIKey] = [:]
        var version = 0
    }

    /// The number of keys at which the cache is emptied.
    private static let capacity = 1024

    private let state = Mutex(State())

    /// Returns the key of a hash, if it is cached for this version.
    func lookUp(_ hash: SHA256Digest, version: Int) -> APIKey? {
        state.withLock { state in
            if state.version != version { state = State(version: version) }
            return state.keys[hash]
        }
    }

    /// Forgets all keys, because this process has changed one.
    func clear() {
        state.withLock { $0.keys.removeAll() }
    }

    /// Caches a row that was read after `version` was.
    func keep(_ key: APIKey, hash: SHA256Digest, version: Int) {
        state.withLock { state in
            guard state.version == version else { return }
            if state.keys.count >= Self.capacity { state.keys.removeAll() }
            state.keys[hash] = key
        }
    }
}
