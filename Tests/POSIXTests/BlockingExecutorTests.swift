import Dispatch
import Synchronization
import Testing

@testable import POSIX

@Suite("The blocking executor", .timeLimit(.minutes(10)))
struct BlockingExecutorTests {
    /// Work that blocks a thread until the test lets it go.
    private final class Blocker: Sendable {
        private let gate = DispatchSemaphore(value: 0)
        private let begunCount = Atomic<Int>(0)
        private let servedCount = Atomic<Int>(0)

        /// How much work has begun to block.
        var begun: Int { begunCount.load(ordering: .relaxed) }
        /// How much other work was done.
        var served: Int { servedCount.load(ordering: .relaxed) }

        func block() {
            begunCount.wrappingAdd(1, ordering: .relaxed)
            gate.wait()
        }

        func serve() {
            servedCount.wrappingAdd(1, ordering: .relaxed)
        }

        func release(_ count: Int = 1) {
            for _ in 0..<count { gate.signal() }
        }
    }

    /// Waits for what other threads bring about, but not for ever.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while !condition() {
            guard ContinuousClock.now < end else { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }

    @Test("It gives back what the work returned or threw")
    func results() async throws {
        struct Fault: Error, Equatable {}
        let executor = BlockingExecutor(label: "tests.results", width: 2)
        #expect(await executor.run { 3 } == 3)
        await #expect(throws: Fault()) { try await executor.run { throw Fault() } }
    }

    @Test("A task that prefers it holds a thread while it blocks, also after a wait")
    func tasks() async {
        let executor = BlockingExecutor(label: "tests.tasks", width: 1)
        let blocker = Blocker()
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: executor) {
                try? await Task.sleep(for: .milliseconds(1))
                blocker.block()
            }
            #expect(await eventually { blocker.begun == 1 })
            group.addTask { await executor.run { blocker.serve() } }
            try? await Task.sleep(for: .milliseconds(50))
            #expect(blocker.served == 0)
            blocker.release()
        }
        #expect(blocker.served == 1)
    }

    // With a serial queue a thread and work dealt out in turn, every fourth item would wait.
    @Test("One item that blocks holds up nobody else")
    func slowItem() async {
        let executor = BlockingExecutor(label: "tests.slow", width: 4)
        let blocker = Blocker()
        await withDiscardingTaskGroup { group in
            group.addTask { await executor.run { blocker.block() } }
            #expect(await eventually { blocker.begun == 1 })
            for _ in 0..<40 {
                group.addTask { await executor.run { blocker.serve() } }
            }
            #expect(await eventually { blocker.served == 40 })
            blocker.release()
        }
    }

    @Test("A thread takes over what waits while all the others are blocked")
    func lastThread() async {
        let executor = BlockingExecutor(label: "tests.last", width: 3)
        let blocker = Blocker()
        await withDiscardingTaskGroup { group in
            for _ in 0..<3 { group.addTask { await executor.run { blocker.block() } } }
            #expect(await eventually { blocker.begun == 3 })
            for _ in 0..<10 {
                group.addTask { await executor.run { blocker.serve() } }
            }
            blocker.release()
            #expect(await eventually { blocker.served == 10 })
            blocker.release(2)
        }
    }

    @Test("No more threads than the width are ever held")
    func bound() async {
        let executor = BlockingExecutor(label: "tests.bound", width: 3)
        let blocker = Blocker()
        await withDiscardingTaskGroup { group in
            for _ in 0..<12 { group.addTask { await executor.run { blocker.block() } } }
            for begun in 3...12 {
                #expect(await eventually { blocker.begun == begun })
                // Time for one too many to begin.
                try? await Task.sleep(for: .milliseconds(5))
                #expect(blocker.begun == begun)
                blocker.release()
            }
            blocker.release(2)
        }
    }

    @Test("What waits starts in the order of the calls")
    func order() async {
        let executor = BlockingExecutor(label: "tests.order", width: 1)
        let blocker = Blocker()
        let started = Mutex<[Int]>([])
        executor.submit { blocker.block() }
        for number in 0..<20 { executor.submit { started.withLock { $0.append(number) } } }
        #expect(started.withLock { $0 } == [])
        blocker.release()
        await executor.run {}
        #expect(started.withLock { $0 } == Array(0..<20))
    }

    @Test("A thread of its own has its name, and ends with its body")
    func dedicatedThread() async throws {
        let name = Mutex("")
        try DedicatedThread.start(name: "a-dedicated-thread") {
            let file = try? FileDescriptor(opening: "/proc/thread-self/comm").readAll(limit: 64)
            name.withLock { $0 = String(decoding: file ?? [], as: UTF8.self) }
        }
        #expect(await eventually { name.withLock { $0 } == "a-dedicated-thr\n" })
    }
}
