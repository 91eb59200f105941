import CodecHarness
import POSIX
import Synchronization
import Testing

@testable import JobRunner

@Suite("The disk gate", .timeLimit(.minutes(10)))
struct DiskGateTests {
    private final class Disk: Sendable {
        let free: Mutex<UInt64?>
        let looks = Atomic<Int>(0)
        let passages = Atomic<Int>(0)

        init(_ free: UInt64?) { self.free = Mutex(free) }

        func gate(pause: Duration = .milliseconds(1)) -> DiskGate {
            let disk = BlockingExecutor(label: "tests.disk", width: 4)
            return DiskGate(minFreeBytes: 1000, pause: pause, disk: disk, logger: Material.logger) {
                [self] in
                looks.wrappingAdd(1, ordering: .relaxed)
                return free.withLock { $0 }
            }
        }
    }

    @Test("With room nobody waits, and a disk that cannot be asked is no reason to wait")
    func passes() async {
        for free in [1000, UInt64.max, nil] {
            await Disk(free).gate(pause: .seconds(3600)).waitForRoom()
        }
    }

    @Test("Without room everybody waits until there is some")
    func waits() async {
        let disk = Disk(999)
        let gate = disk.gate()
        await withDiscardingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    await gate.waitForRoom()
                    disk.passages.wrappingAdd(1, ordering: .relaxed)
                }
            }
            await eventually("all have looked several times") {
                disk.looks.load(ordering: .relaxed) > 12
            }
            #expect(disk.passages.load(ordering: .relaxed) == 0)
            disk.free.withLock { $0 = 1000 }
        }
        #expect(disk.passages.load(ordering: .relaxed) == 3)
    }

    @Test("What is lacking of the room that is kept for erasing must be free besides")
    func lacking() async {
        let lacking = Mutex<UInt64>(500)
        let looks = Atomic<Int>(0)
        let gate = DiskGate(
            minFreeBytes: 1000,
            lackingReserve: { lacking.withLock { $0 } },
            pause: .milliseconds(1),
            disk: BlockingExecutor(label: "tests.disk", width: 4),
            logger: Material.logger
        ) {
            // Were it not asked for, the first look would do.
            if looks.wrappingAdd(1, ordering: .relaxed).newValue == 3 {
                lacking.withLock { $0 = 499 }
            }
            return 1499
        }
        await gate.waitForRoom()
        #expect(looks.load(ordering: .relaxed) >= 3)
    }

    @Test("A disk that has refused something is left alone for a while, whatever it says")
    func closes() async {
        let disk = Disk(.max)
        let gate = disk.gate(pause: .milliseconds(50))
        let start = ContinuousClock.now
        gate.close()
        await gate.waitForRoom()
        #expect(ContinuousClock.now - start >= .milliseconds(50))
    }

    @Test("Whoever is told to end waits no longer")
    func ends() async {
        let gate = Disk(0).gate(pause: .seconds(3600))
        let task = Task { await gate.waitForRoom() }
        task.cancel()
        await task.value
    }
}
