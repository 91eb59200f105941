import GRDB
import JobModel
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

extension JobStore {
    /// How old the time of a key's last use may be before it is written anew.
    ///
    /// A write for every request would cost more than most requests do.
    public static let keyUseGranularity: Duration = .seconds(300)

    /// Notes in memory that a key was used; ``saveKeyUses()`` writes it.
    public func noteUse(of key: APIKey) {
        let time = now()
        guard time - (key.lastUsedAt ?? 0) >= Self.keyUseGranularity.milliseconds else { return }
        keyUses.note(key.id, at: time)
    }

    /// Writes when keys were used, if any was whose time is older than ``keyUseGranularity``.
    ///
    /// - Throws: ``JobStoreError``; then what was noted is lost.
    public func saveKeyUses() async throws(JobStoreError) {
        let uses = keyUses.take()
        guard !uses.isEmpty else { return }
        try await write { db in
            for (key, time) in uses {
                try db.execute(
                    sql: "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
                    arguments: [time, key.text]
                )
            }
        }
    }
}
