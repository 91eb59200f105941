import Cryptography
import JobModel
import Synchronization

/// Caches the secrets that many images share, so that each is drawn or decoded, and prepared, only
/// once.
///
/// It evicts the least recently used secrets first. Threads that miss the same secret at once each
/// compute it.
final class SecretCache: Sendable {
    /// Identifies a secret at a working size.
    struct Key: Hashable {
        let part: ArtefactPart<SHA256Digest>
        /// The mask whose network prepared it; `nil` if all masks have one network.
        let mask: AppliedMask?
        let width: Int
        let height: Int
    }

    private struct Entry {
        let secret: Secret
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var uses: UInt64 = 0
    }

    /// The default limit in bytes: about 90 secrets at the standard working size of 128.
    static let standardBytes = 48 << 20

    private let maxBytes: Int
    private let state = Mutex(State())

    /// Creates an empty cache.
    ///
    /// - Parameter maxBytes: The most bytes of coefficients to keep.
    init(maxBytes: Int = standardBytes) {
        self.maxBytes = maxBytes
    }

    /// Returns the secret of a key, making it if it is not cached.
    ///
    /// - Parameters:
    ///   - key: Identifies the secret.
    ///   - make: Makes the secret.
    /// - Returns: The secret.
    /// - Throws: The error that `make` throws; nothing is cached then.
    func secret<Failure: Error>(
        _ key: Key,
        make: () throws(Failure) -> Secret
    ) throws(Failure) -> Secret {
        if let known = find(key) { return known }
        let secret = try make()
        keep(secret, as: key)
        return secret
    }

    private func find(_ key: Key) -> Secret? {
        state.withLock { state in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]?.secret
        }
    }

    private func keep(_ secret: Secret, as key: Key) {
        let size = secret.prepared.byteCount
        guard size <= maxBytes else { return }
        state.withLock { state in
            guard state.entries[key] == nil else { return }
            state.entries[key] = Entry(secret: secret, lastUse: state.uses)
            state.bytes += size
            while state.bytes > maxBytes,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.bytes -= oldest.value.secret.prepared.byteCount
                state.entries[oldest.key] = nil
            }
        }
    }
}
