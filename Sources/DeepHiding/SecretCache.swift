import Cryptography
import JobModel
import Synchronization

/// Secrets that are the same for many images, so that one is not made, or decoded, and prepared for every image of its class.
///
/// The least recently used go first. Several threads may look for the same secret at once; then each makes it.
final class SecretCache: Sendable {
    /// Which secret, at which working size.
    struct Key: Hashable {
        let part: ArtefactPart<SHA256Digest>
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

    /// Some twenty secrets at the standard working size.
    static let standardBytes = 48 << 20

    private let maxBytes: Int
    private let state = Mutex(State())

    /// Makes an empty cache.
    ///
    /// - Parameter maxBytes: How many bytes of samples it keeps at most.
    init(maxBytes: Int = standardBytes) {
        self.maxBytes = maxBytes
    }

    /// The secret of a key, made if it is not there.
    ///
    /// - Parameters:
    ///   - key: Which secret.
    ///   - make: Makes it.
    /// - Returns: The secret.
    /// - Throws: What `make` throws; then nothing is kept.
    func secret<Failure: Error>(_ key: Key, make: () throws(Failure) -> Secret) throws(Failure) -> Secret {
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
            while state.bytes > maxBytes, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.bytes -= oldest.value.secret.prepared.byteCount
                state.entries[oldest.key] = nil
            }
        }
    }
}
