import Glibc
import Synchronization
import Testing

@testable import POSIX

@Suite("A team of threads", .timeLimit(.minutes(5)))
struct ThreadTeamTests {
    @Test("Every part is done once, however many parts and threads there are")
    func doesEveryPart() {
        for helpers in [0, 1, 3] {
            let team = ThreadTeam(name: "helper", helpers: helpers)
            #expect(team.helpers == helpers)
            for (count, threads) in [(0, 2), (1, 2), (2, 2), (7, 1), (7, 2), (100, 4), (100, 9)] {
                let done = Mutex([Int](repeating: 0, count: count))
                team.run(count, threads: threads) { index in done.withLock { $0[index] += 1 } }
                #expect(done.withLock { $0 } == [Int](repeating: 1, count: count))
            }
        }
    }

    @Test("It does task after task, and what its parts wrote is there afterwards")
    func doesManyTasks() {
        let team = ThreadTeam(name: "helper", helpers: 2)
        var sum = 0
        for task in 0..<2000 {
            var parts = [Int](repeating: 0, count: 5)
            parts.withUnsafeMutableBufferPointer { parts in
                nonisolated(unsafe) let parts = parts
                team.run(5, threads: 3) { parts[$0] = task + $0 }
            }
            sum += parts.reduce(0, +)
        }
        #expect(sum == (0..<2000).reduce(0) { $0 + 5 * $1 + 10 })
    }

    @Test("As many threads as are wanted work at the same time, and no more")
    func usesItsThreads() {
        let team = ThreadTeam(name: "helper", helpers: 3)
        for wanted in 2...3 {
            let begun = Atomic(0)
            let threads = Mutex(Set<pthread_t>())
            team.run(40, threads: wanted) { _ in
                begun.add(1, ordering: .sequentiallyConsistent)
                // The first parts wait for each other, which one thread could not do.
                while begun.load(ordering: .sequentiallyConsistent) < wanted { sched_yield() }
                threads.withLock { _ = $0.insert(pthread_self()) }
            }
            #expect(threads.withLock(\.count) == wanted)
            #expect(threads.withLock { $0.contains(pthread_self()) })
        }
    }

    @Test("A task in a task is done by the thread that asks for it")
    func nests() {
        let team = ThreadTeam(name: "helper", helpers: 1)
        let done = Atomic(0)
        team.run(4, threads: 2) { _ in
            let thread = pthread_self()
            team.run(5, threads: 2) { _ in
                if pthread_self() == thread { done.add(1, ordering: .relaxed) }
            }
        }
        #expect(done.load(ordering: .relaxed) == 20)
    }
}
