import Queue
import Synchronization
import Testing

@testable import HTTPAPI

@Suite("Whether something can be written")
struct WriteProbeTests {
    private static let full = StoreError.disk("database or disk is full")

    /// A disk that takes nothing until it is mended.
    private final class Disk: Sendable {
        let attempts = Atomic<Int>(0)
        let isBroken = Atomic<Bool>(true)
        private let probe = WriteProbe()

        func fault() async -> String? {
            await probe.fault { [self] in
                attempts.wrappingAdd(1, ordering: .relaxed)
                if isBroken.load(ordering: .relaxed) { throw WriteProbeTests.full }
            }
        }
    }

    @Test("However often readiness is asked for, little is written, and an end of a fault is seen")
    func probe() async throws {
        let disk = Disk()
        let faults = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { await disk.fault() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(faults) == ["\(Self.full)"])
        #expect(disk.attempts.load(ordering: .relaxed) < 20)
        disk.isBroken.store(false, ordering: .relaxed)
        while await disk.fault() != nil { try await Task.sleep(for: .milliseconds(20)) }
        let seen = disk.attempts.load(ordering: .relaxed)
        for _ in 0..<20 { #expect(await disk.fault() == nil) }
        #expect(disk.attempts.load(ordering: .relaxed) - seen < 20)
    }

    @Test("Who asks is told if there is no answer, and there is one attempt alone meanwhile")
    func silence() async throws {
        let probe = WriteProbe(patience: .milliseconds(50))
        let (answers, continuation) = AsyncStream<Void>.makeStream()
        let attempts = Atomic<Int>(0)
        for _ in 0..<3 {
            let fault = await probe.fault {
                attempts.wrappingAdd(1, ordering: .relaxed)
                for await _ in answers {}
            }
            #expect(fault?.hasPrefix("there was no answer") == true)
        }
        #expect(attempts.load(ordering: .relaxed) == 1)
        continuation.finish()
        while await probe.fault({}) != nil { try await Task.sleep(for: .milliseconds(20)) }
    }
}
