import Glibc
import POSIX
import Testing

@testable import SocketIO

@Suite("Listeners and addresses") struct ListenerTests {
    @Test("Addresses are numeric and print as they are written")
    func addresses() throws {
        #expect("\(try SocketAddress(host: "127.0.0.1", port: 80))" == "127.0.0.1:80")
        #expect("\(try SocketAddress(host: "::1", port: 8080))" == "[::1]:8080")
        for host in ["localhost", "", "256.0.0.1", "1.2.3", "::1::", "127.0.0.1 "] {
            #expect(throws: SocketError(operation: "parse address", number: EINVAL)) {
                try SocketAddress(host: host, port: 80)
            }
        }
    }

    private func listener(
        on address: SocketAddress,
        onAccept: @escaping @Sendable (consuming FileDescriptor, SocketAddress) -> Listener.Verdict
    ) throws -> Listener {
        try Listener(
            address: address,
            on: QueueExecutor(label: "tests.listener"),
            onAccept: onAccept
        )
    }

    @Test(
        "A listener takes connections of both families and tells who they are",
        arguments: ["127.0.0.1", "::1"]
    )
    func accepting(host: String) async throws {
        let (peers, report) = AsyncStream.makeStream(of: String.self)
        let listener = try listener(on: SocketAddress(host: host, port: 0)) { _, peer in
            report.yield(peer.host)
            return .accept
        }
        await listener.start()
        #expect(listener.address.host == host)
        #expect(listener.address.port != 0)
        let client = try connectBlocking(to: listener.address)
        var iterator = peers.makeAsyncIterator()
        #expect(await iterator.next() == host)
        close(client)
        await listener.close()
        #expect(throws: SocketError.self) { try connectBlocking(to: listener.address) }
    }

    @Test("A paused listener takes one connection only, until it is resumed")
    func pausing() async throws {
        let (peers, report) = AsyncStream.makeStream(of: String.self)
        let listener = try listener(on: SocketAddress(host: "127.0.0.1", port: 0)) { _, peer in
            report.yield("\(peer.port)")
            return .pause
        }
        await listener.start()
        let clients = [
            try connectBlocking(to: listener.address), try connectBlocking(to: listener.address),
        ]
        var iterator = peers.makeAsyncIterator()
        let first = await iterator.next()
        await listener.resume()
        let second = await iterator.next()
        #expect(first != second)
        for client in clients { close(client) }
        await listener.close()
    }

    @Test("A listener that was never started gives its port back")
    func unstarted() async throws {
        var listener: Listener? = try self.listener(
            on: SocketAddress(host: "127.0.0.1", port: 0)
        ) { _, _ in .accept }
        let address = try #require(listener?.address)
        listener = nil
        // The port is free when the cancel handler has run, which nobody is told of.
        while true {
            if let again = try? self.listener(on: address, onAccept: { _, _ in .accept }) {
                await again.start()
                await again.close()
                break
            }
            await Task.yield()
        }
    }
}
