import HTTPWire
import SocketIO
import Testing

@testable import HTTPServer

@Suite("Patience") struct PaceTests {
    private let second: UInt64 = 1_000_000_000
    private let bodyTimeouts = HTTPTimeouts(
        bodyGrace: .seconds(10),
        minimumBodyBytesPerSecond: 1000,
        bodyStall: .seconds(30)
    )

    @Test(
        "A peer has its grace, earns time with bytes, and is never waited for longer than the stall"
    )
    func pace() {
        var pace = TransferPace(bodyTimeouts)
        #expect(pace.timeout == 10 * second)
        pace.waited(9 * second)
        #expect(pace.timeout == second)
        pace.received(1)
        #expect(pace.timeout == second + second / 1000)
        pace.waited(5 * second)
        #expect(pace.timeout == 0)
        pace.received(10_000)
        #expect(pace.timeout == 6 * second + second / 1000)
        pace.received(1 << 30)
        #expect(pace.timeout == 30 * second)
    }

    @Test("What has arrived counts before it can be read, once")
    func arrivals() {
        var pace = TransferPace(bodyTimeouts)
        // The head, and what the kernel had received by then.
        pace.received(500)
        var isMore = pace.arrived(70_000)
        #expect(!isMore)
        pace.waited(10 * second)
        #expect(pace.timeout == second / 2)
        isMore = pace.arrived(75_000)
        #expect(isMore)
        #expect(pace.timeout == 5 * second + second / 2)
        isMore = pace.arrived(75_000)
        #expect(!isMore)
        // The same bytes, finally read.
        pace.received(5000)
        #expect(pace.timeout == 5 * second + second / 2)
        isMore = pace.arrived(75_001)
        #expect(isMore)
        #expect(pace.timeout == 5 * second + second / 2 + second / 1000)
    }

    /// Deadlines together with the peer that they query.
    private final class Watched {
        var deadlines: ConnectionDeadlines
        var peer = PeerProgress(acknowledged: 0, arrived: nil)

        init(_ timeouts: HTTPTimeouts) { deadlines = ConnectionDeadlines(timeouts) }

        func update(
            _ waiting: ConnectionMachine.Waiting,
            at now: UInt64,
            hasOutput: Bool = false,
            sent: UInt64 = 0
        ) -> UInt64 {
            deadlines.update(
                waiting: waiting,
                hasOutput: hasOutput,
                sentBytes: sent,
                progress: { [peer] in peer },
                now: now * 1_000_000_000
            )
        }

        func isStalled(at now: UInt64) -> Bool {
            deadlines.isReaderStalled(progress: peer, now: now * 1_000_000_000)
        }

        func isOver(at now: UInt64) -> Bool {
            deadlines.hasWaitExpired(progress: peer, now: now * 1_000_000_000)
        }
    }

    @Test("Deadlines follow what is waited for, and are not pushed back by single bytes of a head")
    func deadlines() {
        let timeouts = HTTPTimeouts(head: .seconds(10), idle: .seconds(30), linger: .seconds(2))
        let watched = Watched(timeouts)
        #expect(watched.update(.head, at: 1) == 11 * second)
        #expect(watched.update(.head, at: 5) == 11 * second)
        #expect(!watched.isOver(at: 10))
        #expect(watched.isOver(at: 11))
        #expect(watched.update(.nothing, at: 6) == .max)
        #expect(watched.update(.idle, at: 12) == 42 * second)
        #expect(watched.update(.end, at: 13) == 15 * second)
    }

    @Test("While a body is gathered, its bytes earn time as if each ended the wait")
    func gatheredBody() {
        let watched = Watched(bodyTimeouts)
        #expect(watched.update(.body, at: 0) == 10 * second)
        watched.deadlines.received(5000)
        #expect(watched.update(.body, at: 8) == 15 * second)
        #expect(watched.update(.body, at: 9) == 15 * second)
    }

    @Test(
        "A reader who acknowledges anything is waited for, though nothing fits into the kernel's buffer; one who does not is cut"
    )
    func slowReader() {
        let watched = Watched(HTTPTimeouts(write: .seconds(20), readerCredit: .zero))
        #expect(watched.update(.nothing, at: 0, hasOutput: true, sent: 100) == 5 * second)
        // Judging by the kernel's buffer, nothing has moved for 200 seconds.
        for time in stride(from: 5, through: 200, by: 5) {
            watched.peer.acknowledged += 1
            #expect(!watched.isStalled(at: UInt64(time)))
            #expect(
                watched.update(.nothing, at: UInt64(time), hasOutput: true, sent: 100) == UInt64(
                    time + 5
                ) * second
            )
        }
        for time: UInt64 in [205, 210, 215, 219] { #expect(!watched.isStalled(at: time)) }
        #expect(watched.update(.nothing, at: 219, hasOutput: true, sent: 100) == 220 * second)
        #expect(watched.isStalled(at: 220))
    }

    @Test(
        "A reader whose output has left is none to be cut, and a new wait is timed from its start"
    )
    func readerWithoutOutput() {
        let watched = Watched(HTTPTimeouts(write: .seconds(20), readerCredit: .zero))
        _ = watched.update(.nothing, at: 0, hasOutput: true, sent: 1)
        #expect(watched.update(.nothing, at: 19, sent: 2) == .max)
        #expect(!watched.isStalled(at: 100))
        #expect(watched.update(.nothing, at: 100, hasOutput: true, sent: 2) == 105 * second)
        #expect(!watched.isStalled(at: 119))
        #expect(watched.isStalled(at: 120))
    }

    @Test(
        "Draining shortens the time allowed to a reader who takes nothing, but not with one who takes something"
    )
    func stalledReaderWhenDraining() {
        let timeouts = HTTPTimeouts(write: .seconds(40), writeWhenDraining: .seconds(4))
        let watched = Watched(timeouts)
        #expect(watched.update(.nothing, at: 1, hasOutput: true) == 11 * second)
        watched.deadlines.isDraining = true
        #expect(watched.update(.nothing, at: 2, hasOutput: true) == 3 * second)
        #expect(!watched.isStalled(at: 5))
        watched.peer.acknowledged = 1
        #expect(!watched.isStalled(at: 6))
        #expect(!watched.isStalled(at: 9))
        #expect(watched.isStalled(at: 10))
    }

    @Test("A reader earns time with what it has taken, up to a bound, and spends it while it rests")
    func credit() {
        let timeouts = HTTPTimeouts(
            write: .seconds(20),
            readerCredit: .seconds(100),
            readerCreditBytesPerSecond: 1000
        )
        let watched = Watched(timeouts)
        _ = watched.update(.nothing, at: 0, hasOutput: true)
        watched.peer.acknowledged = 50_000
        #expect(!watched.isStalled(at: 5))
        // 20 s of silence and 50 s of credit.
        #expect(!watched.isStalled(at: 74))
        #expect(watched.isStalled(at: 75))
        // After another 10 s, 40 s of credit are left, and 1 s comes for what was taken.
        let other = Watched(timeouts)
        _ = other.update(.nothing, at: 0, hasOutput: true)
        other.peer.acknowledged = 50_000
        #expect(!other.isStalled(at: 5))
        other.peer.acknowledged = 51_000
        #expect(!other.isStalled(at: 15))
        #expect(!other.isStalled(at: 75))
        #expect(other.isStalled(at: 76))
        // One large piece and many pieces that leave at once are equivalent.
        let pieces = Watched(timeouts)
        for time: UInt64 in 0..<10 {
            pieces.peer.acknowledged = 5000 * time
            _ = pieces.update(.nothing, at: time, hasOutput: true, sent: time)
            _ = pieces.update(.nothing, at: time, sent: time)
        }
        _ = pieces.update(.nothing, at: 10, hasOutput: true, sent: 10)
        #expect(!pieces.isStalled(at: 74))
        #expect(pieces.isStalled(at: 75))
        // No more than the bound, and no overflow.
        let fast = Watched(timeouts)
        _ = fast.update(.nothing, at: 0, hasOutput: true)
        fast.peer.acknowledged = .max
        #expect(!fast.isStalled(at: 5))
        #expect(!fast.isStalled(at: 124))
        #expect(fast.isStalled(at: 125))
    }

    @Test(
        "A slow body of which nothing can be read yet is waited for as long as it arrives fast enough"
    )
    func slowRecord() {
        let timeouts = HTTPTimeouts(
            bodyGrace: .seconds(10),
            minimumBodyBytesPerSecond: 1000,
            bodyStall: .seconds(30)
        )
        let watched = Watched(timeouts)
        _ = watched.update(.head, at: 0)
        watched.peer.arrived = 300
        #expect(watched.update(.body, at: 1) == 11 * second)
        // 12,000 bytes in 10 s leave 10 + 12 - 10 s.
        watched.peer.arrived = 12_300
        #expect(!watched.isOver(at: 11))
        #expect(watched.update(.body, at: 11) == 23 * second)
        #expect(watched.isOver(at: 23))
    }

    @Test("Draining shortens the wait for a first byte, once")
    func draining() {
        let watched = Watched(HTTPTimeouts(newConnectionWhenDraining: .seconds(5)))
        _ = watched.update(.head, at: 1)
        watched.deadlines.isDraining = true
        #expect(!watched.isOver(at: 5))
        #expect(watched.isOver(at: 6))
    }
}
