import Cryptography
import Queue
import Synchronization

/// The keys that were asked for, so that a poll need not look into the database's tables for who polls.
///
/// What is kept holds for one state of the database, named by ``CommitWatch/commits()``, and is forgotten when anything was
/// committed since, here or by another process. A row that was read after a state was named is at least as new as the state.
final class KeyCache: Sendable {
    private struct State {
        var keys: [SHA256Digest: APIKey] = [:]
        var commits = 0
    }

    /// Whoever has more valid keys than this asks the database.
    private static let capacity = 1024

    private let state = Mutex(State())

    /// The key of a hash, if it is known for this state of the database.
    func lookUp(_ hash: SHA256Digest, commits: Int) -> APIKey? {
        state.withLock { state in
            if state.commits != commits { state = State(commits: commits) }
            return state.keys[hash]
        }
    }

    /// Keeps a row that was read after the state of the database was named.
    func keep(_ key: APIKey, hash: SHA256Digest, commits: Int) {
        state.withLock { state in
            guard state.commits == commits else { return }
            if state.keys.count >= Self.capacity { state.keys.removeAll() }
            state.keys[hash] = key
        }
    }
}
