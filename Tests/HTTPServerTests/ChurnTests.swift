import Glibc
import HTTPWire
import Testing

@testable import HTTPServer

/// Every misbehaving kind of connection, many times, with the descriptors counted before and after.
@Suite("Churn") struct ChurnTests {
    @Test("No connection of any kind leaves a descriptor behind")
    func descriptors() async {
        // In a separate process, since other tests open descriptors too.
        await #expect(processExitsWith: .success) {
            let server = try await TestServer.start(
                timeouts: HTTPTimeouts(linger: .milliseconds(250))
            )
            // The first connection and the first drain create some descriptors that persist.
            try await churn(server, rounds: 1)
            await server.stop()
            let before = openSockets()
            let second = try await TestServer.start(
                timeouts: HTTPTimeouts(linger: .milliseconds(250))
            )
            try await churn(second, rounds: 25)
            await second.stop()
            #expect(second.server.connectionCount == 0)
            #expect(openSockets() == before)
        }
    }

    @Test("Running out of descriptors rests the listener and ends well")
    func exhaustion() async {
        await #expect(processExitsWith: .success) {
            let server = try await TestServer.start(maxConnections: 10_000)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let usual = limit
            limit.rlim_cur = rlim_t(openDescriptors() + 20)
            // The clients are in this process too, so both sides run out.
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var clients: [RawClient] = []
            while clients.count < 1000, let client = try? RawClient(port: server.port) {
                clients.append(client)
            }
            #expect(clients.count < 1000)
            for client in clients { client.close() }
            limit = usual
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let answer = try await blocking {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                try client.send("GET /hello HTTP/1.0\r\n\r\n")
                return try client.receiveAll()
            }
            #expect(answer.hasSuffix("Hello\n"))
            await server.stop()
        }
    }
}

private func openDescriptors() -> Int { descriptorTargets().count }

private func openSockets() -> Int { descriptorTargets().filter { $0.hasPrefix("socket:") }.count }

/// Returns the targets of the open descriptors, except the one used for listing.
private func descriptorTargets() -> [String] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    var targets: [String] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let number = Int32(name), number != dirfd(folder) else { continue }
        let count = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
        if count > 0 { targets.append(String(decoding: buffer[..<count], as: UTF8.self)) }
    }
    return targets
}

/// Opens connections of each kind, one at a time per kind, from several threads at once.
private func churn(_ server: TestServer, rounds: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for kind in nastyKinds {
            group.addTask {
                try await blocking {
                    for _ in 0..<rounds {
                        let client = try RawClient(port: server.port)
                        // Some kinds exist to have their connection cut off.
                        try? kind(client)
                    }
                }
            }
        }
        try await group.waitForAll()
    }
}

private let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

private let nastyKinds: [@Sendable (RawClient) throws -> Void] = [
    { $0.reset() },
    { $0.close() },
    { client in
        try client.send("GET /hel")
        client.reset()
    },
    { client in
        // The reset arrives with bytes that are still unread.
        try client.send(request)
        client.reset()
    },
    { client in
        try client.send(request)
        client.endOutput()
        _ = try client.receiveAll()
        client.close()
    },
    { client in
        try client.send("GET /stream/10000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.reset()
    },
    { client in
        try client.send("GET /stream/10000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive()
        client.close()
    },
    { client in
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
        client.reset()
    },
    { client in
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
        client.endOutput()
        _ = try client.receiveAll()
        client.close()
    },
    { client in
        defer { client.close() }
        try client.send("POST /reject HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
        try client.send([UInt8](repeating: 0, count: 1_000_000))
    },
    { client in
        try client.send("\u{16}\u{3}\u{1}garbage")
        _ = try client.receiveAll()
        client.close()
    },
    { client in
        for _ in 0..<3 {
            try client.send(request)
            _ = try client.receive(until: "Hello\n")
        }
        client.close()
    },
    { client in
        try client.send(String(repeating: request, count: 20))
        client.close()
    },
    { client in
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        client.reset()
    },
]
