import Glibc
import HTTPTypes
import HTTPWire
import Logging
import Testing

@testable import HTTPServer

/// Input that no well-behaved client sends.
@Suite("With raw sockets") struct RawTests {
    private func talk(
        _ server: TestServer,
        _ text: String,
        endsOutput: Bool = false
    ) async throws -> String {
        try await blocking {
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send(text)
            if endsOutput { client.endOutput() }
            return try client.receiveAll()
        }
    }

    @Test(
        "Malformed requests get their problem document and the end of the connection",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 400, "host_malformed"),
            ("GET  / HTTP/1.1\r\n\r\n", 400, "request_line_malformed"),
            ("GET / HTTP/2.0\r\n\r\n", 505, "http_version_unsupported"),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}", 400, "request_line_malformed"),
            ("GET /hello HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", 400, "field_malformed"),
            ("GET /hello HTTP/1.1\nHost: a\n\n", 400, "line_ending_malformed"),
            (
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
                "framing_malformed"
            ),
            (
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501,
                "transfer_coding_unknown"
            ),
            (
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
                "chunk_malformed"
            ),
        ]
    )
    func malformed(text: String, status: Int, code: String) async throws {
        let server = try await TestServer.start()
        // More follows, as from a smuggler; it must not be answered.
        let answer = try await talk(
            server,
            text + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
            endsOutput: true
        )
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"))
        #expect(answer.contains("\"code\":\"\(code)\""))
        #expect(!answer.contains("Hello"))
        await server.stop()
    }

    @Test("A half-closed client is answered, and told about a cut head or body")
    func halfClose() async throws {
        let server = try await TestServer.start()
        let whole = try await talk(
            server,
            "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
            endsOutput: true
        )
        #expect(whole.hasSuffix("\r\n\r\nHello\n"))
        let head = try await talk(server, "GET /hello HT", endsOutput: true)
        #expect(head.contains("\"code\":\"head_truncated\""))
        let body = try await talk(
            server,
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            endsOutput: true
        )
        #expect(body.contains("\"code\":\"body_truncated\""))
        await server.stop()
        #expect(server.server.connectionCount == 0)
    }

    @Test("Pipelined requests are answered in order")
    func pipelining() async throws {
        let server = try await TestServer.start()
        let requests = (0..<50).map { number in
            number % 2 == 0
                ? "GET /path/p\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
                : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\np\(number % 90 + 10)"
        }
        let answer = try await talk(server, requests.joined(), endsOutput: true)
        let bodies = answer.components(separator: "HTTP/1.1 200 OK\r\n").dropFirst()
            .map { $0.components(separator: "\r\n\r\n").last ?? "" }
        #expect(bodies == (0..<50).map { $0 % 2 == 0 ? "p\($0)" : "p\($0 % 90 + 10)" })
        await server.stop()
    }

    @Test(
        "A head that comes too slowly gets 408, a silent connection is closed, and so is an idle one"
    )
    func slowHead() async throws {
        let timeouts = HTTPTimeouts(head: .seconds(2), idle: .seconds(2))
        let server = try await TestServer.start(timeouts: timeouts)
        #expect(
            try await talk(server, "GET /hello HT").hasPrefix("HTTP/1.1 408 Request Timeout\r\n")
        )
        #expect(try await talk(server, "") == "")
        let idle = try await talk(server, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(idle.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(!idle.contains("Connection: close"))
        await server.stop()
    }

    @Test("A body that comes too slowly gets 408")
    func slowBody() async throws {
        let timeouts = HTTPTimeouts(
            bodyGrace: .milliseconds(300),
            minimumBodyBytesPerSecond: 1_000_000
        )
        let server = try await TestServer.start(timeouts: timeouts)
        let answer = try await talk(
            server,
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"
        )
        #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        await server.stop()
    }

    @Test("A peer that never reads is cut off, and the handler learns it")
    func neverReading() async throws {
        let server = try await TestServer.start(timeouts: HTTPTimeouts(write: .milliseconds(300)))
        let client = try await blocking {
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            try client.send("GET /stream/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            return client
        }
        await server.events.wait(for: "stream ended")
        await server.events.wait(for: "record 200 false")
        client.close()
        await server.stop()
    }

    @Test("A peer that pipelines for ever and never reads does not make answers pile up")
    func pipeliningWithoutReading() async throws {
        let server = try await TestServer.start(timeouts: HTTPTimeouts(write: .milliseconds(500)))
        let request = "GET /stream/100000 HTTP/1.1\r\nHost: a\r\n\r\n"
        let sent = try await blocking {
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            var sent = 0
            while sent < 1_000_000, (try? client.send(request)) != nil { sent += 1 }
            return sent
        }
        // Cut off, first by its own full buffers, then by the write deadline.
        #expect(sent < 1_000_000)
        await server.stop()
        #expect(server.server.connectionCount == 0)
    }

    @Test("A reset cancels the handler")
    func reset() async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            return client
        }
        await server.events.wait(for: "waiting")
        client.reset()
        await server.events.wait(for: "cancelled")
        await server.stop()
    }

    @Test("Draining lets the request under way finish, closes the idle, and refuses the new")
    func drain() async throws {
        let server = try await TestServer.start()
        let idle = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.receive(until: "Hello\n")
            return client
        }
        let busy = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            return client
        }
        await server.events.wait(for: "waiting")
        async let drained: Void = server.server.drain(grace: .seconds(300))
        #expect(try await blocking { try idle.receiveAll() } == "")
        #expect(throws: RawClient.Failure.self) { _ = try RawClient(port: server.port) }
        server.events.add("go")
        let answer = try await blocking { try busy.receiveAll() }
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nwaited"))
        idle.close()
        busy.close()
        await drained
        #expect(server.events.log.contains("went"))
        #expect(server.server.connectionCount == 0)
    }

    @Test("A server that has just started stops, however often")
    func startAndStop() async throws {
        for round in 0..<100 {
            let server = try await TestServer.start()
            if round % 2 == 1 {
                let client = try await blocking { try RawClient(port: server.port) }
                client.close()
            }
            await server.stop()
            #expect(throws: RawClient.Failure.self) { _ = try RawClient(port: server.port) }
        }
    }

    @Test("Draining cuts off what outlasts the grace")
    func drainWithoutGrace() async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            return client
        }
        await server.events.wait(for: "waiting")
        await server.server.drain(grace: .zero)
        await server.events.wait(for: "cancelled")
        client.close()
    }

    @Test("Over its own bound a peer's connection is closed unanswered")
    func addressBound() async throws {
        let server = try await TestServer.start(maxConnectionsPerAddress: 1)
        let first = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.receive(until: "Hello\n")
            return client
        }
        let second = try await blocking { try RawClient(port: server.port).receiveAll() }
        #expect(second == "")
        first.close()
        await server.stop()
    }

    @Test("Nor bound are peers that were left out of it")
    func unboundedPeer() async throws {
        let server = try await TestServer.start(
            maxConnectionsPerAddress: 1,
            unboundedPeers: ["127.0.0.0/8"]
        )
        let clients = try await blocking {
            try (0..<3).map { _ in
                let client = try RawClient(port: server.port)
                try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try client.receive(until: "Hello\n")
                return client
            }
        }
        #expect(server.server.connectionCount == 3)
        for client in clients { client.close() }
        await server.stop()
    }

    @Test("Every pipelined request is written down with its own status")
    func pipelinedRecords() async throws {
        let server = try await TestServer.start()
        let heads = ["/hello", "/none", "/stream/10", "/hello", "/none"].map {
            "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        _ = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(
                heads.joined() + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            return try client.receiveAll()
        }
        let statuses = [200, 404, 200, 200, 404, 200]
        #expect(
            server.events.log.filter { $0.hasPrefix("record") }
                == statuses.map { "record \($0) true" }
        )
        await server.stop()
    }

    @Test("An upload that does not end in time is told so when the server stops")
    func uploadCutByDrain() async throws {
        let server = try await TestServer.start()
        let client = try await blocking {
            let client = try RawClient(port: server.port)
            try client.send(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
            )
            _ = try client.receive(until: "100 Continue\r\n\r\n")
            return client
        }
        async let stopped: Void = server.server.drain(grace: .milliseconds(50))
        let answer = try await blocking { try client.receiveAll() }
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\"code\":\"draining\""))
        await stopped
    }

    @Test("Standing fields are on every answer that has not its own")
    func defaultFields() async throws {
        let server = try await TestServer.start()
        let answers = try await blocking {
            try [
                "GET /hello HTTP/1.1", "GET /path/a HTTP/1.1", "GET /none HTTP/1.1",
                "GET  HTTP/1.1",
            ].map { line in
                let client = try RawClient(port: server.port)
                try client.send(line + "\r\nHost: a\r\nConnection: close\r\n\r\n")
                return try client.receiveAll()
            }
        }
        #expect(answers.allSatisfy { $0.contains("\r\nX-Content-Type-Options: nosniff\r\n") })
        let types = [
            "text/plain", "text/default", "application/problem+json", "application/problem+json",
        ]
        for (answer, type) in zip(answers, types) {
            #expect(
                answer.components(separator: "\r\nContent-Type: ").dropFirst().map {
                    $0.hasPrefix(type + "\r\n")
                } == [
                    true
                ]
            )
        }
        await server.stop()
    }

    @Test("A second server cannot have the port")
    func portTaken() async throws {
        let server = try await TestServer.start()
        let configuration = HTTPServerConfiguration(
            endpoint: .internet(address: "127.0.0.1", port: server.port)
        )
        let second = HTTPServer(configuration: configuration, logger: .init(label: "test")) { _ in
            ServerResponse(status: .ok)
        }
        await #expect { try await second.start() } throws: {
            "\($0)" == "bind: Address already in use"
        }
        await server.stop()
    }
}

extension String {
    func components(separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
