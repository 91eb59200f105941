import CodecHost
import CodecProtocol
import Synchronization

/// Pictures in the hands of a codec process, which can be taken back.
///
/// The task that waits for them may be cancelled without any harm to them: a drain lets them
/// finish.
final class Handout: Sendable {
    private struct State {
        var task: Task<[CodecOutcome], Never>?
        var isAbandoned = false
    }

    private let state = Mutex(State())

    /// Hands pictures out, once.
    ///
    /// - Returns: Their outcomes; those without an answer are released if nobody wants them any
    ///   more.
    func protect(_ images: [CodecImage], by codec: CodecProcess) async -> [CodecOutcome] {
        let task = Task { await codec.protect(images) }
        let isAbandoned = state.withLock { state in
            state.task = task
            return state.isAbandoned
        }
        if isAbandoned { task.cancel() }
        return await task.value
    }

    /// Says that nobody wants the outcomes, be the pictures handed out already or not.
    func abandon() {
        let task = state.withLock { state in
            state.isAbandoned = true
            return state.task
        }
        task?.cancel()
    }
}
