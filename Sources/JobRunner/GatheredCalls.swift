import Queue
import Synchronization

/// Makes one call of the store of what several workers ask of it at the same time.
///
/// The first one's call goes at once. What others ask for meanwhile waits for its end, and goes
/// together: a call for many costs the database little more than a call for one.
final class GatheredCalls<Request: Sendable, Answer: Sendable>: Sendable {
    private struct Caller {
        let request: Request
        let continuation: CheckedContinuation<Result<Answer, StoreError>, Never>
    }

    private struct State {
        var waiting: [Caller] = []
        var isCalling = false
    }

    /// The most requests of one call, so that none takes long.
    private static var limit: Int { 16 }

    private let state = Mutex(State())
    private let call: @Sendable ([Request]) async throws(StoreError) -> [Answer]

    /// Gathers calls.
    ///
    /// - Parameter call: Answers requests, each at its place.
    init(_ call: @escaping @Sendable ([Request]) async throws(StoreError) -> [Answer]) {
        self.call = call
    }

    /// How many requests wait for the end of a call; for tests.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Asks for something, and waits for the answer even if the task is cancelled.
    ///
    /// - Throws: ``StoreError``, that of the call which had this request. If the error may be
    ///   another request's fault, this one is asked for again alone.
    func answer(to request: Request) async throws(StoreError) -> Answer {
        let result = await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiting.append(Caller(request: request, continuation: continuation))
                defer { state.isCalling = true }
                return !state.isCalling
            }
            if isFirst { Task { await callUntilNobodyWaits() } }
        }
        return try result.get()
    }

    private func callUntilNobodyWaits() async {
        while true {
            let callers = state.withLock { state in
                let callers = Array(state.waiting.prefix(Self.limit))
                state.waiting.removeFirst(callers.count)
                state.isCalling = !callers.isEmpty
                return callers
            }
            if callers.isEmpty { return }
            let results = await results(of: callers.map(\.request))
            for (caller, result) in zip(callers, results) {
                caller.continuation.resume(returning: result)
            }
        }
    }

    private func results(of requests: [Request]) async -> [Result<Answer, StoreError>] {
        do throws(StoreError) {
            let answers = try await call(requests)
            precondition(answers.count == requests.count, "every request has an answer")
            return answers.map { .success($0) }
        } catch {
            guard requests.count > 1, !error.isPassing else {
                return requests.map { _ in .failure(error) }
            }
            var results: [Result<Answer, StoreError>] = []
            for request in requests { results += await self.results(of: [request]) }
            return results
        }
    }
}
