import Queue
import SQLStore
import Synchronization

/// What was sent and heard of hints since the start.
final class HintCounts: Sendable {
    private struct State {
        var sent: [StoreHint: Int] = [:]
        var heard: [StoreHint: Int] = [:]
        var looks = 0
        var isListening = false
    }

    private let state = Mutex(State())

    func sent(_ hints: some Sequence<StoreHint>) {
        state.withLock { state in for hint in hints { state.sent[hint, default: 0] += 1 } }
    }

    func heard(_ hint: StoreHint) { state.withLock { $0.heard[hint, default: 0] += 1 } }

    func looked() { state.withLock { $0.looks += 1 } }

    func listens(_ isListening: Bool) { state.withLock { $0.isListening = isListening } }

    /// Writes the counts, those of hints that never were among them.
    func add(to link: inout DatabaseLink) {
        let state = state.withLock(\.self)
        for hint in StoreHint.allCases {
            link.hintsSent[hint.rawValue] = state.sent[hint] ?? 0
            link.hintsHeard[hint.rawValue] = state.heard[hint] ?? 0
        }
        link.looks = state.looks
        link.isListening = state.isListening
    }
}
