import Cryptography
import Synchronization

/// The keys that were asked for, so that a poll need not ask the database who polls.
///
/// Only keys that are valid are kept. A lookup that was under way while a key was revoked may have seen it valid, and is not
/// kept: it names the generation in which it began.
final class KeyCache: Sendable {
    private struct State {
        var keys: [SHA256Digest: APIKey] = [:]
        var generation = 0
    }

    /// Whoever has more valid keys than this asks the database.
    private static let capacity = 1024

    private let state = Mutex(State())

    /// The key of a hash, if it is known, and the present generation.
    func lookUp(_ hash: SHA256Digest) -> (key: APIKey?, generation: Int) {
        state.withLock { ($0.keys[hash], $0.generation) }
    }

    /// Keeps what the database said, unless a key was revoked since.
    func keep(_ key: APIKey, hash: SHA256Digest, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.keys.count >= Self.capacity { state.keys.removeAll() }
            state.keys[hash] = key
        }
    }

    /// Forgets all, after a key was revoked.
    func clear() {
        state.withLock { state in
            state.generation += 1
            state.keys.removeAll()
        }
    }
}
