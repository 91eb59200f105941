import Glibc
import POSIX
import Testing

@testable import SocketIO

/// Sends back what comes, and reports what happens.
private actor Echo: SocketOwner {
    private nonisolated let shard: Shard
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        shard.executor.asUnownedSerialExecutor()
    }
    private let socket: StreamSocket
    private let report: AsyncStream<String>.Continuation
    private var received = 0
    private var paused = false
    private var pauseAfter: Int?
    private var tellsPeerEnd = false

    init(
        _ descriptor: consuming FileDescriptor,
        shard: Shard,
        pauseAfter: Int? = nil,
        report: AsyncStream<String>.Continuation
    ) {
        self.shard = shard
        self.pauseAfter = pauseAfter
        self.report = report
        socket = StreamSocket(descriptor, shard: shard)
    }

    func start() { socket.start(for: self) }

    func resume() {
        pauseAfter = nil
        socket.setReading(true, for: self)
    }

    func tellPeerEnd() { tellsPeerEnd = true }

    func close() { socket.close(for: self) }

    var progress: PeerProgress { socket.peerProgress }

    func socketBecame(_ readiness: Readiness) { socket.handle(readiness, for: self) }

    func socketReceived(_ bytes: UnsafeRawBufferPointer) {
        received += bytes.count
        socket.send(Array(bytes))
        socket.flush(for: self)
        if let pauseAfter, received >= pauseAfter {
            socket.setReading(false, for: self)
            report.yield("paused")
        }
    }

    func socketReceivedEnd() {
        report.yield("end \(received)")
        socket.closeWhenFlushed()
        socket.flush(for: self)
    }

    func socketPeerEnded() { if tellsPeerEnd { report.yield("peer ended") } }

    func socketFlushed() {}

    func socketFailed(_ number: Int32) {
        report.yield(number == ECONNRESET ? "reset" : "failed \(number)")
        socket.close(for: self)
    }

    func socketClosed() { report.yield("closed") }
}

@Suite("Stream sockets") struct StreamSocketTests {
    /// A connected pair: ours, owned by an echo, and a blocking one for the test.
    private func pair(
        pauseAfter: Int? = nil
    ) async throws -> (Echo, Int32, AsyncStream<String>.Iterator) {
        var descriptors: [Int32] = [0, 0]
        // Kept from the children of other tests, in which our end would outlive its close.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &descriptors) == 0)
        try #require(fcntl(descriptors[0], F_SETFL, O_NONBLOCK) == 0)
        let (reports, report) = AsyncStream.makeStream(of: String.self)
        let echo = Echo(
            FileDescriptor(owning: descriptors[0]),
            shard: try Shard(label: "test"),
            pauseAfter: pauseAfter,
            report: report
        )
        await echo.start()
        return (echo, descriptors[1], reports.makeAsyncIterator())
    }

    /// The same over TCP.
    private func tcpPair(
        pauseAfter: Int? = nil
    ) async throws -> (Echo, Int32, AsyncStream<String>.Iterator) {
        let (accepted, accept) = AsyncStream.makeStream(of: Int32.self)
        let listener = try Listener(
            address: SocketAddress(host: "127.0.0.1", port: 0),
            on: QueueExecutor(label: "tests.listener")
        ) { descriptor, _ in
            accept.yield(dup(descriptor.number))
            return .pause
        }
        await listener.start()
        let peer = try connectBlocking(to: listener.address)
        var iterator = accepted.makeAsyncIterator()
        let descriptor = try #require(await iterator.next())
        await listener.close()
        let (reports, report) = AsyncStream.makeStream(of: String.self)
        let echo = Echo(
            FileDescriptor(owning: descriptor),
            shard: try Shard(label: "test"),
            pauseAfter: pauseAfter,
            report: report
        )
        await echo.start()
        return (echo, peer, reports.makeAsyncIterator())
    }

    private func write(_ count: Int, to descriptor: Int32) {
        let bytes = [UInt8](repeating: 7, count: count)
        #expect(Glibc.write(descriptor, bytes, count) == count)
    }

    @Test("Bytes come back, and the peer's end closes after them")
    func echo() async throws {
        var (_, peer, reports) = try await pair()
        write(5000, to: peer)
        shutdown(peer, Int32(SHUT_WR))
        #expect(await reports.next() == "end 5000")
        #expect(await reports.next() == "closed")
        var buffer = [UInt8](repeating: 0, count: 10_000)
        #expect(read(peer, &buffer, buffer.count) == 5000)
        #expect(read(peer, &buffer, buffer.count) == 0)
        close(peer)
    }

    @Test("A paused socket that is resumed reads what came meanwhile, with the peer's end")
    func pause() async throws {
        var (echo, peer, reports) = try await pair(pauseAfter: 1)
        write(1, to: peer)
        #expect(await reports.next() == "paused")
        write(100_000, to: peer)
        shutdown(peer, Int32(SHUT_WR))
        await echo.resume()
        #expect(await reports.next() == "end 100001")
        close(peer)
        // The answer cannot be delivered any more, or has been: closed either way.
        var last = await reports.next()
        if last != "closed" { last = await reports.next() }
        #expect(last == "closed")
    }

    @Test("The end of the peer is told also while reading is paused and its bytes are unread")
    func pausedEnd() async throws {
        var (echo, peer, reports) = try await pair(pauseAfter: 1)
        write(1, to: peer)
        #expect(await reports.next() == "paused")
        await echo.tellPeerEnd()
        write(1000, to: peer)
        close(peer)
        #expect(await reports.next() == "peer ended")
        await echo.close()
    }

    @Test("What has arrived is told before it is read")
    func arrivals() async throws {
        let (echo, peer, _) = try await tcpPair(pauseAfter: 1)
        write(1, to: peer)
        while await echo.progress.arrived != 1 { await Task.yield() }
        write(30_000, to: peer)
        while await echo.progress.arrived != 30_001 { await Task.yield() }
        #expect(await echo.progress.arrived == 30_001)
        await echo.close()
        close(peer)
    }

    @Test("Closing a paused socket closes it, and lets its owner go")
    func closePaused() async throws {
        var (echo, peer, reports) = try await pair(pauseAfter: 1)
        write(1, to: peer)
        #expect(await reports.next() == "paused")
        await echo.close()
        #expect(await reports.next() == "closed")
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(read(peer, &buffer, 10) == 1)
        #expect(read(peer, &buffer, 10) == 0)
        close(peer)
    }

    @Test("A closed socket keeps nothing alive")
    func release() async throws {
        weak var weakEcho: Echo?
        var (reports, peer): (AsyncStream<String>.Iterator, Int32)
        do {
            let (echo, descriptor, iterator) = try await pair()
            weakEcho = echo
            (reports, peer) = (iterator, descriptor)
            await echo.close()
        }
        #expect(await reports.next() == "closed")
        close(peer)
        // The queue lets the handlers go after the last cancel handler has returned; a leak would wait here for ever.
        while weakEcho != nil { await Task.yield() }
        #expect(weakEcho == nil)
    }
}
