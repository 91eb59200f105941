import HTTPWire
import Testing

@testable import HTTPServer

@Suite("Patience") struct PaceTests {
    private let second: UInt64 = 1_000_000_000

    @Test("A peer has its grace, earns time with bytes, and is never waited for longer than the stall")
    func pace() {
        var pace = TransferPace(
            HTTPTimeouts(bodyGrace: .seconds(10), minimumBodyBytesPerSecond: 1000, bodyStall: .seconds(30))
        )
        #expect(pace.patience == 10 * second)
        pace.waited(9 * second)
        #expect(pace.patience == second)
        pace.received(1)
        #expect(pace.patience == second + second / 1000)
        pace.waited(5 * second)
        #expect(pace.patience == 0)
        pace.received(10_000)
        #expect(pace.patience == 6 * second + second / 1000)
        pace.received(1 << 30)
        #expect(pace.patience == 30 * second)
    }

    @Test("Deadlines follow what is waited for, and are not pushed back by single bytes of a head")
    func deadlines() {
        var deadlines = ConnectionDeadlines(
            HTTPTimeouts(head: .seconds(10), idle: .seconds(30), write: .seconds(20), linger: .seconds(2))
        )
        func update(
            _ waiting: ConnectionMachine.Waiting,
            at now: UInt64,
            hasOutput: Bool = false,
            sent: UInt64 = 0
        ) -> UInt64 {
            deadlines.update(waiting: waiting, hasOutput: hasOutput, sentBytes: sent, now: now * second)
        }
        #expect(update(.head, at: 1) == 11 * second)
        #expect(update(.head, at: 5) == 11 * second)
        #expect(deadlines.hasWaitExpired(now: 11 * second))
        #expect(update(.nothing, at: 6) == .max)
        #expect(update(.nothing, at: 7, hasOutput: true) == 27 * second)
        #expect(update(.nothing, at: 9, hasOutput: true) == 27 * second)
        #expect(update(.nothing, at: 10, hasOutput: true, sent: 1) == 30 * second)
        #expect(deadlines.hasWriteExpired(now: 30 * second, sentBytes: 1))
        #expect(!deadlines.hasWriteExpired(now: 30 * second, sentBytes: 2))
        #expect(update(.idle, at: 12, sent: 5) == 42 * second)
        #expect(update(.end, at: 13, sent: 5) == 15 * second)
    }

    @Test("Draining shortens the patience with a reader who takes nothing, but not with one who takes something")
    func stalledReaderWhenDraining() {
        var deadlines = ConnectionDeadlines(HTTPTimeouts(write: .seconds(30), writeWhenDraining: .seconds(5)))
        func update(at now: UInt64, sent: UInt64) -> UInt64 {
            deadlines.update(waiting: .nothing, hasOutput: true, sentBytes: sent, now: now * second)
        }
        #expect(update(at: 1, sent: 0) == 31 * second)
        deadlines.isDraining = true
        #expect(update(at: 2, sent: 0) == 7 * second)
        #expect(update(at: 4, sent: 0) == 7 * second)
        #expect(update(at: 6, sent: 1) == 11 * second)
        #expect(deadlines.hasWriteExpired(now: 11 * second, sentBytes: 1))
    }

    @Test("Draining shortens the wait for a first byte, once")
    func draining() {
        var deadlines = ConnectionDeadlines(HTTPTimeouts(newConnectionWhenDraining: .seconds(5)))
        _ = deadlines.update(waiting: .head, hasOutput: false, sentBytes: 0, now: second)
        deadlines.isDraining = true
        #expect(deadlines.hasWaitExpired(now: 6 * second))
        #expect(!deadlines.hasWaitExpired(now: 6 * second - 1))
    }
}
