import Glibc
import HTTPWire
import ProcessHarness
import Testing

@testable import HTTPServer

/// Tests with the real curl.
///
/// `-w` appends what curl itself observed to the body.
@Suite("With curl") struct CurlTests {
    /// Runs a shell command and returns its output.
    ///
    /// What it complains of is told with the tests.
    private func shell(_ line: String) async throws -> String {
        try await blocking {
            let variables = ["LC_ALL": "C"]
            let end = try RunningProgram.run("/bin/sh", ["-c", line], environment: variables)
            if !end.complaints.isEmpty { print("\(line): \(end.complaintText)") }
            return end.outputText
        }
    }

    private func with(
        _ server: TestServer? = nil,
        _ body: (TestServer, String) async throws -> Void
    ) async throws {
        var server = server
        if server == nil { server = try await TestServer.start() }
        guard let server else { return }
        try await body(server, "curl -sS --max-time 300")
        await server.stop()
        #expect(server.server.connectionCount == 0)
    }

    @Test("GET, and HEAD with the same fields and no body")
    func getAndHead() async throws {
        try await with { server, curl in
            let get = try await shell("\(curl) -i \(server.url)/hello")
            #expect(get.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(get.contains("\r\nContent-Length: 6\r\n"))
            #expect(get.contains("\r\nDate: "))
            #expect(get.hasSuffix("\r\n\r\nHello\n"))
            let head = try await shell("\(curl) -I \(server.url)/hello")
            #expect(head.contains("\r\nContent-Length: 6\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
            let stream = try await shell("\(curl) -I \(server.url)/stream/5000000000")
            #expect(stream.contains("\r\nContent-Length: 5000000000\r\n"))
            #expect(!server.events.log.contains("stream ended"))
        }
    }

    @Test("One connection carries several requests")
    func keepAlive() async throws {
        try await with { server, curl in
            let output = try await shell(
                "\(curl) -w '%{num_connects} ' -o /dev/null \(server.url)/hello --next \(curl.dropFirst(5)) -w '%{num_connects} ' -o /dev/null -d abc \(server.url)/echo --next \(curl.dropFirst(5)) -w '%{num_connects}' -I -o /dev/null \(server.url)/hello"
            )
            #expect(output == "1 0 0")
        }
    }

    @Test("HTTP/1.0 is answered and closed")
    func oldVersion() async throws {
        try await with { server, curl in
            let output = try await shell(
                "\(curl) -0 -i \(server.url)/stream/10?chunked=1 | tr '\\000-\\011' 'a-j'"
            )
            #expect(output.contains("Connection: close\r\n"))
            #expect(!output.contains("chunked"))
            #expect(output.hasSuffix("abcdefghij"))
        }
    }

    @Test(
        "Uploads come back byte for byte: with a length, chunked, waiting for 100 Continue, and through both directions at once"
    )
    func uploads() async throws {
        try await with { server, curl in
            let file = "/tmp/palimpsest-http-\(getpid())-\(server.port)"
            _ = try await shell("head -c 3000000 /dev/urandom > \(file)")
            for (line, path) in [
                ("--data-binary @\(file)", "echo"),
                ("-X POST -H 'Transfer-Encoding: chunked' --data-binary @\(file)", "echo"),
                ("-T - < \(file)", "echo"),
                ("--expect100-timeout 25 -H 'Expect: 100-continue' --data-binary @\(file)", "echo"),
                ("-H 'Expect:' --data-binary @\(file)", "pipe"), ("-X POST -T - < \(file)", "pipe"),
            ] {
                let output = try await shell(
                    "\(curl) \(line.replacing(" <", with: " \(server.url)/\(path) <")) \(line.contains("<") ? "" : "\(server.url)/\(path)") | cmp - \(file) && echo same"
                )
                #expect(output == "same\n", "\(line)")
            }
            _ = try await shell("rm -f \(file)")
        }
    }

    @Test("100 Continue goes out when the body is wanted, and only then")
    func continues() async throws {
        try await with { server, curl in
            let wanted = try await shell(
                "\(curl) -i --expect100-timeout 25 -H 'Expect: 100-continue' -d abc \(server.url)/echo"
            )
            #expect(wanted.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
            let refused = try await shell(
                "head -c 5000000 /dev/zero | \(curl) -i --expect100-timeout 25 -H 'Expect: 100-continue' -w '%{size_upload}' --data-binary @- \(server.url)/reject"
            )
            #expect(refused.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
            #expect(refused.hasSuffix("}\n0"))
        }
    }

    @Test("An early answer arrives although the client is still sending")
    func earlyAnswer() async throws {
        try await with { server, curl in
            for _ in 0..<3 {
                let output = try await shell(
                    "head -c 30000000 /dev/zero | \(curl) -H 'Expect:' -w '%{http_code}' --data-binary @- \(server.url)/reject"
                )
                #expect(output.contains("\"code\":\"key_missing\""))
                #expect(output.hasSuffix("401"))
            }
        }
    }

    @Test("Too large a body gets 413, by its length and by its chunks")
    func tooLarge() async throws {
        try await with(TestServer.start(limits: HTTPLimits(maxBodyBytes: 1000))) { server, curl in
            for line in [
                "--data-binary @-", "-X POST -H 'Transfer-Encoding: chunked' --data-binary @-",
                "-X POST -T -",
            ] {
                let over = try await shell(
                    "head -c 1001 /dev/zero | \(curl) -i \(line) \(server.url)/echo"
                )
                #expect(over.contains("HTTP/1.1 413 Content Too Large\r\n"), "\(line)")
                #expect(over.contains("application/problem+json"))
                #expect(over.contains("\"code\":\"body_too_large\""))
                let at = try await shell(
                    "head -c 1000 /dev/zero | \(curl) -o /dev/null -w '%{http_code}' \(line) \(server.url)/echo"
                )
                #expect(at == "200", "\(line)")
            }
        }
    }

    @Test("Too large a head gets 431, too long a line 414, an unknown expectation 417")
    func tooLargeHead() async throws {
        try await with { server, curl in
            let field = try await shell(
                "\(curl) -o /dev/null -w '%{http_code}' -H \"A: $(head -c 20000 /dev/zero | tr '\\0' a)\" \(server.url)/hello"
            )
            #expect(field == "431")
            let line = try await shell(
                "\(curl) -o /dev/null -w '%{http_code}' \"\(server.url)/$(head -c 9000 /dev/zero | tr '\\0' a)\""
            )
            #expect(line == "414")
            let expectation = try await shell(
                "\(curl) -o /dev/null -w '%{http_code}' -H 'Expect: magic' \(server.url)/hello"
            )
            #expect(expectation == "417")
        }
    }

    @Test("404, 405 with Allow, OPTIONS")
    func routing() async throws {
        try await with { server, curl in
            let unknown = try await shell("\(curl) -i \(server.url)/unknown")
            #expect(unknown.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            let method = try await shell("\(curl) -i -X DELETE \(server.url)/echo")
            #expect(method.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(method.contains("\r\nAllow: OPTIONS, POST, PUT\r\n"))
            let options = try await shell("\(curl) -i -X OPTIONS \(server.url)/hello")
            #expect(options.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(options.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
            #expect(try await shell("\(curl) \(server.url)/path/a%2Fb%20c") == "a/b c")
        }
    }

    @Test("Large downloads are whole, with a length and chunked")
    func downloads() async throws {
        try await with { server, curl in
            for query in ["", "?chunked=1"] {
                let output = try await shell(
                    "\(curl) -w '%{http_code}' \(server.url)/stream/3000000\(query) | cksum"
                )
                let expected = try await shell(
                    "python3 -c \"import sys; sys.stdout.buffer.write(bytes(i % 251 for i in range(3000000)) + b'200')\" | cksum"
                )
                #expect(output == expected)
            }
        }
    }

    @Test("A response that breaks off is seen to be incomplete")
    func brokenOff() async throws {
        try await with { server, curl in
            let output = try await shell(
                "\(curl) -o /dev/null \(server.url)/short 2>/dev/null; echo $?"
            )
            #expect(output != "0\n")
        }
    }
}
