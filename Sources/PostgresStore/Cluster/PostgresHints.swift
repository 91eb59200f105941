import SQLStore
import Synchronization

/// Tells other processes that there may be something new, as a hint: they also look by themselves.
///
/// A notification in the transaction that has something to tell would make all commits of the
/// cluster wait for each other, so it is sent afterwards, on its own, some times a second at most.
final class PostgresHints: Sendable {
    private struct State {
        var pending: Set<StoreHint> = []
        var isSending = false
    }

    private static let pause: Duration = .milliseconds(200)

    private let pool: PostgresPool
    private let schema: String
    private let counts: HintCounts
    private let state = Mutex(State())

    init(pool: PostgresPool, schema: String, counts: HintCounts) {
        self.pool = pool
        self.counts = counts
        self.schema = schema
    }

    /// The channel of a hint, which other installations in the same database do not hear.
    static func channel(_ hint: StoreHint, schema: String) -> String {
        "\(schema)_\(hint.rawValue)"
    }

    /// Sends a hint soon.
    func send(_ hint: StoreHint) {
        let isFirst = state.withLock { state in
            state.pending.insert(hint)
            defer { state.isSending = true }
            return !state.isSending
        }
        if isFirst { Task { await self.sendPending() } }
    }

    private func sendPending() async {
        while let hints = take() {
            let channels = hints.map { Self.channel($0, schema: schema) }
            // Lost hints cost the time until the next look.
            let isSent: Void? = try? await pool.run { connection, _ in
                try connection.run(channels.map { "NOTIFY \($0)" }.joined(separator: "; "))
            }
            if isSent != nil { counts.sent(hints) }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func take() -> Set<StoreHint>? {
        state.withLock { state in
            defer { state.pending = [] }
            if state.pending.isEmpty { state.isSending = false }
            return state.pending.isEmpty ? nil : state.pending
        }
    }
}
