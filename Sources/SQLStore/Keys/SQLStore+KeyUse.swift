import JobModel
package import Queue
import Synchronization

/// The uses of keys that are not written yet.
final class KeyUses: Sendable {
    private let times = Mutex<[APIKeyID: Int64]>([:])

    func note(_ key: APIKeyID, at time: Int64) {
        times.withLock { $0[key] = time }
    }

    func take() -> [APIKeyID: Int64] {
        times.withLock { times in
            defer { times = [:] }
            return times
        }
    }
}

extension SQLStore {
    /// Records in memory that a key was used.
    public func noteUse(of key: APIKey) {
        let time = currentTime
        guard time - (key.lastUsedAt ?? 0) >= APIKey.useGranularity.milliseconds else { return }
        parts.keyUses.note(key.id, at: time)
    }

    /// Writes the recorded uses of keys.
    public func saveKeyUses() async throws(StoreError) {
        let uses = parts.keyUses.take()
        guard !uses.isEmpty else { return }
        defer { parts.forgetKeys() }
        try await write { db in
            for (key, time) in uses.sorted(by: { $0.key.text < $1.key.text }) {
                try db.execute(
                    """
                    UPDATE api_keys SET last_used_at = :time
                    WHERE id = :key AND coalesce(last_used_at, 0) < :time
                    """,
                    ["time": time, "key": key.text]
                )
            }
        }
    }
}
