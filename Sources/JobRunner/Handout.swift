import CodecHost
import CodecProtocol
import Synchronization

/// Pictures handed to a codec process, which can be taken back.
///
/// Cancelling the task that waits does not affect them, so that a drain can let them finish.
final class Handout: Sendable {
    private struct State {
        var task: Task<[CodecOutcome], Never>?
        var isAbandoned = false
    }

    private let state = Mutex(State())

    /// Hands out pictures; call it once.
    ///
    /// - Returns: Their outcomes; pictures without an answer are released after ``abandon()``.
    func protect(_ images: [CodecImage], by codec: CodecProcess) async -> [CodecOutcome] {
        let task = Task { await codec.protect(images) }
        let isAbandoned = state.withLock { state in
            state.task = task
            return state.isAbandoned
        }
        if isAbandoned { task.cancel() }
        return await task.value
    }

    /// Whether the pictures were taken back.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Takes the pictures back, whether or not they have been handed out yet.
    func abandon() {
        let task = state.withLock { state in
            state.isAbandoned = true
            return state.task
        }
        task?.cancel()
    }
}
