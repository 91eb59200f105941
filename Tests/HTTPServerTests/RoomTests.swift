import Glibc
import Testing

@testable import HTTPServer

private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

/// Which clients get a connection when slots are scarce, and which lose one.
@Suite("Room for connections", .timeLimit(.minutes(10))) struct RoomTests {
    /// Returns a client that has been answered and keeps its connection.
    private func idleClient(_ server: TestServer) async throws -> RawClient {
        try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(get("/hello"))
            #expect(try client.receive(until: "Hello\n").hasSuffix("Hello\n"))
            return client
        }
    }

    /// Returns a client whose request does not end.
    private func busyClient(
        _ server: TestServer,
        _ path: String = "/wait"
    ) async throws -> RawClient {
        try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(get(path))
            return client
        }
    }

    private func ask(_ server: TestServer, _ path: String) async throws -> String {
        try await blocking {
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return try client.receiveAll()
        }
    }

    /// Waits until the server has begun a number of requests, according to the test's own events.
    private func wait(for event: String, times: Int, in server: TestServer) async {
        await wait { server.events.log.filter({ $0 == event }).count >= times }
    }

    private func wait(until condition: () -> Bool) async {
        while !condition(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("When all connections are idle, the one that has been so for longest makes room")
    func idle() async throws {
        // One queue: on two, a client may have its answer, and the next one too, before the first
        // connection is known to be idle.
        let server = try await TestServer.start(maxConnections: 2, shards: 1)
        let first = try await idleClient(server)
        let second = try await idleClient(server)
        #expect(try await ask(server, "/place").hasSuffix("\r\n\r\nordinary"))
        #expect(try await blocking { try first.receiveAll() } == "")
        try await blocking {
            try second.send(get("/hello"))
            #expect(try second.receive(until: "Hello\n").hasSuffix("Hello\n"))
        }
        second.close()
        await server.stop()
    }

    @Test("A head, or greetings, that do not come make room too", arguments: ["", "GET /hello HT"])
    func slowHeads(text: String) async throws {
        let server = try await TestServer.start(maxConnections: 3)
        let clients = try await blocking {
            try (0..<3).map { _ in
                let client = try RawClient(port: server.port)
                try client.send(text)
                return client
            }
        }
        for _ in 0..<5 { #expect(try await ask(server, "/hello").hasSuffix("\r\n\r\nHello\n")) }
        #expect(try await blocking { try clients[0].receiveAll() } == "")
        for client in clients { client.close() }
        await server.stop()
    }

    @Test(
        "While all have requests under way, the next are on reserve and lose their connections after the answer"
    )
    func reserve() async throws {
        let server = try await TestServer.start(maxConnections: 2)
        let busy = [try await busyClient(server), try await busyClient(server)]
        await wait(for: "waiting", times: 2, in: server)
        let answer = try await blocking {
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send(get("/place") + get("/hello"))
            return try client.receiveAll()
        }
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.hasSuffix("\r\n\r\non reserve"))
        // A reserve connection that waits for its turn becomes ordinary once there is room.
        let late = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /place HT")
            return client
        }
        await wait { server.server.connectionCount >= 3 }
        server.events.add("go")
        for client in busy {
            #expect(try await blocking { try client.receive(until: "waited") }.hasSuffix("waited"))
            client.close()
        }
        await wait { server.server.connectionCount <= 1 }
        try await blocking {
            try late.send("TP/1.1\r\nHost: a\r\n\r\n")
            #expect(try late.receive(until: "ordinary").hasSuffix("\r\n\r\nordinary"))
            try late.send(get("/hello"))
            #expect(try late.receive(until: "Hello\n").hasSuffix("Hello\n"))
        }
        late.close()
        await server.stop()
    }

    @Test("Beyond the reserve a connection waits in the backlog until there is room")
    func backlog() async throws {
        let server = try await TestServer.start(maxConnections: 1, reservedConnections: 1)
        // One after the other: a connection that has sent nothing yet would make room.
        var busy: [RawClient] = []
        for times in 1...2 {
            busy.append(try await busyClient(server))
            await wait(for: "waiting", times: times, in: server)
        }
        let next = try await busyClient(server, "/hello")
        #expect(server.server.connectionCount == 2)
        busy[1].reset()
        #expect(try await blocking { try next.receive(until: "Hello\n") }.hasSuffix("Hello\n"))
        for client in busy + [next] { client.close() }
        await server.stop()
    }

    @Test("A connection that is free again makes room for those who wait in the backlog")
    func backlogByIdle() async throws {
        let server = try await TestServer.start(maxConnections: 1, reservedConnections: 0)
        let busy = try await busyClient(server)
        await server.events.wait(for: "waiting")
        let next = try await busyClient(server, "/hello")
        server.events.add("go")
        // The first client keeps its connection open until the server needs the slot.
        #expect(try await blocking { try next.receive(until: "Hello\n") }.hasSuffix("Hello\n"))
        #expect(try await blocking { try busy.receiveAll() }.hasSuffix("waited"))
        next.close()
        await server.stop()
    }

    @Test("An answer that nobody reads makes room, unless it belongs to a share")
    func unreadAnswers() async throws {
        let server = try await TestServer.start(maxConnections: 1)
        let clients = try await blocking {
            try ["/large/free", "/large/permitted"].map { path in
                let client = try RawClient(port: server.port, receiveBuffer: 4096)
                try client.send(get(path))
                _ = try client.receive(until: "\r\n\r\n")
                // More than one write's worth, so that the answer is known to be under way.
                var count = 0
                while count < 8 << 20 { count += try client.receive(upTo: (8 << 20) - count).count }
                return client
            }
        }
        // The second took the first's slot.
        await #expect(throws: RawClient.Failure.self) {
            try await blocking { while try !clients[0].receive().isEmpty {} }
        }
        #expect(try await ask(server, "/place").hasSuffix("on reserve"))
        #expect(!server.events.log.contains("permit over"))
        let rest = try await blocking {
            var count = 0
            while count < 24 << 20 { count += try clients[1].receive(upTo: 1 << 20).count }
            return count
        }
        #expect(rest == 24 << 20)
        await server.events.wait(for: "permit over")
        clients[1].close()
        await server.stop()
    }

    @Test("A permit ends with a connection that breaks")
    func permit() async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            try client.send(get("/large/permitted"))
            _ = try client.receive(until: "\r\n\r\n")
            return client
        }
        client.reset()
        await server.events.wait(for: "permit over")
        await server.stop()
    }
}

@Suite("Clients that end while they wait") struct ClientEndTests {
    @Test(
        "A client that has closed is not waited for, whether its bytes were read or not",
        arguments: [0, 100_000]
    )
    func closed(pipelined: Int) async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(get("/patient"))
            return client
        }
        await server.events.wait(for: "patient")
        try await blocking {
            // More than is read ahead, so that the end stays unread behind it.
            try client.send(String(repeating: "x", count: pipelined))
            client.endOutput()
        }
        await server.events.wait(for: "client ended")
        client.close()
        await server.stop()
    }

    @Test("One that has ended its own direction gets its answer")
    func halfClosed() async throws {
        let server = try await TestServer.start()
        let answer = try await blocking {
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send(get("/patient"))
            client.endOutput()
            return try client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nclient ended"))
        await server.stop()
    }

    @Test("One that is there is waited for")
    func there() async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(get("/patient"))
            return client
        }
        await server.events.wait(for: "patient")
        server.events.add("go")
        #expect(
            try await blocking { try client.receive(until: "there") }.hasSuffix(
                "\r\n\r\nclient there"
            )
        )
        client.close()
        await server.stop()
    }

    @Test(
        "A slow reader is served for longer than one who takes nothing, and then cut if it stops"
    )
    func slowReader() async throws {
        let server = try await TestServer.start(timeouts: HTTPTimeouts(write: .seconds(2)))
        let client = try await blocking {
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            try client.send("GET /stream/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.receive(until: "\r\n\r\n")
            var received: [UInt8] = []
            // Far less than the kernel's buffers hold, over three times the time allowed.
            for _ in 0..<60 {
                usleep(100_000)
                let piece = try client.receive(upTo: 1000)
                #expect(!piece.isEmpty)
                received += piece
            }
            // Here, since the task may be given a thread only after the time allowed.
            #expect(!server.events.log.contains("stream ended"))
            #expect(received == pattern(from: 0, count: received.count))
            return client
        }
        await server.events.wait(for: "stream ended")
        await server.events.wait(for: "record 200 false")
        client.close()
        await server.stop()
    }
}
