import Queue
import Synchronization
import Testing

@testable import JobRunner

@Suite struct GatheredCallsTests {
    /// Answers each number with its double, a call at a time, and remembers the calls.
    private final class Doubling: Sendable {
        let calls = Mutex<[[Int]]>([])
        private let gate = AsyncStream<Void>.makeStream()
        private let refusing: Int?
        private let fault: StoreError

        init(refusing: Int? = nil, with fault: StoreError = .corrupt("a row")) {
            self.refusing = refusing
            self.fault = fault
        }

        func open() { gate.continuation.finish() }

        func answer(_ numbers: [Int]) async throws(StoreError) -> [Int] {
            calls.withLock { $0.append(numbers) }
            for await _ in gate.stream {}
            if let refusing, numbers.contains(refusing) { throw fault }
            return numbers.map { $0 * 2 }
        }
    }

    /// Asks for the first number, and for the others while the first one's call is under way.
    private func ask(
        _ numbers: [Int],
        of doubling: Doubling
    ) async throws -> [Result<Int, StoreError>] {
        let calls = GatheredCalls<Int, Int> { numbers throws(StoreError) in
            try await doubling.answer(numbers)
        }
        let tasks = Mutex<[Task<Result<Int, StoreError>, Never>]>([])
        for (place, number) in numbers.enumerated() {
            let task = Task { () -> Result<Int, StoreError> in
                do throws(StoreError) {
                    return .success(try await calls.answer(to: number))
                } catch {
                    return .failure(error)
                }
            }
            tasks.withLock { $0.append(task) }
            if place == 0 {
                while doubling.calls.withLock(\.isEmpty) { await Task.yield() }
            } else {
                while calls.waitingCount < place { await Task.yield() }
            }
        }
        doubling.open()
        var results: [Result<Int, StoreError>] = []
        for task in tasks.withLock({ $0 }) { results.append(await task.value) }
        return results
    }

    @Test func `What is asked for during a call goes together in the next ones`() async throws {
        let doubling = Doubling()
        let results = try await ask(Array(1...20), of: doubling)
        #expect(results == (1...20).map { .success($0 * 2) })
        #expect(doubling.calls.withLock { $0 } == [[1], Array(2...17), [18, 19, 20]])
    }

    @Test func `A request that cannot be answered spoils no other`() async throws {
        let doubling = Doubling(refusing: 3)
        let results = try await ask([1, 2, 3, 4], of: doubling)
        #expect(
            results == [.success(2), .success(4), .failure(.corrupt("a row")), .success(8)]
        )
        #expect(doubling.calls.withLock { $0 } == [[1], [2, 3, 4], [2], [3], [4]])
    }

    @Test func `A fault that is nobody's own is told to all at once`() async throws {
        let doubling = Doubling(refusing: 3, with: .unavailable("away"))
        let results = try await ask([1, 2, 3], of: doubling)
        let away = Result<Int, StoreError>.failure(.unavailable("away"))
        #expect(results == [.success(2), away, away])
        #expect(doubling.calls.withLock { $0 }.count == 2)
    }

    @Test func `A call after all others goes at once`() async throws {
        let doubling = Doubling()
        doubling.open()
        let calls = GatheredCalls<Int, Int> { numbers throws(StoreError) in
            try await doubling.answer(numbers)
        }
        for number in 1...3 { #expect(try await calls.answer(to: number) == number * 2) }
        #expect(doubling.calls.withLock { $0 } == [[1], [2], [3]])
    }
}
