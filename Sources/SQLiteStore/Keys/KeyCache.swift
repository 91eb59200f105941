import Cryptography
import Queue
import Synchronization

/// Caches keys, so that a poll need not query the database to authenticate.
///
/// The cached keys are valid for one state of the database, identified by
/// ``CommitWatch/commits()``. Any later commit, by this or another process, invalidates them all. A
/// row read after its state was identified is at least as new as that state.
final class KeyCache: Sendable {
    private struct State {
        var keys: [SHA256Digest: APIKey] = [:]
        var commits = 0
    }

    /// The number of keys at which the cache is emptied.
    private static let capacity = 1024

    private let state = Mutex(State())

    /// Returns the key of a hash, if it is cached for this state of the database.
    func lookUp(_ hash: SHA256Digest, commits: Int) -> APIKey? {
        state.withLock { state in
            if state.commits != commits { state = State(commits: commits) }
            return state.keys[hash]
        }
    }

    /// Caches a row that was read after `commits` was.
    func keep(_ key: APIKey, hash: SHA256Digest, commits: Int) {
        state.withLock { state in
            guard state.commits == commits else { return }
            if state.keys.count >= Self.capacity { state.keys.removeAll() }
            state.keys[hash] = key
        }
    }
}
