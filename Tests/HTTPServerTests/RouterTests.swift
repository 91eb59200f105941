import HTTPTypes
import HTTPWire
import Testing

@testable import HTTPServer

@Suite("Routing") struct RouterTests {
    private func router(_ patterns: String...) -> Router {
        var router = Router()
        for pattern in patterns {
            router.on(.get, pattern) { _, path in
                ServerResponse(
                    status: .ok,
                    body: .bytes(Array("\(pattern) \(path["id"]) \(path["n"])".utf8))
                )
            }
        }
        return router
    }

    private func respond(
        _ router: Router,
        _ path: String,
        _ method: HTTPRequest.Method = .get
    ) async throws -> String {
        let response = try await router.respond(
            to: ServerRequest(method: method, target: RequestTarget(path))
        )
        guard response.status == .ok, case .bytes(let bytes) = response.body else {
            return "\(response.status.code) \(response.fields[.allow] ?? "")"
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("A method that nobody knows is 501")
    func unknownMethod() async throws {
        var router = Router()
        router.on(.get, "/a") { _, _ in ServerResponse(status: .ok) }
        let brew = try #require(HTTPRequest.Method("BREW"))
        let request = ServerRequest(method: brew, target: try RequestTarget("/a"))
        #expect(try await router.respond(to: request).status == .notImplemented)
        let put = ServerRequest(method: .put, target: try RequestTarget("/a"))
        #expect(try await router.respond(to: put).status == .methodNotAllowed)
    }

    @Test("Captures take a segment, or what a prefix and suffix leave of it")
    func captures() async throws {
        let router = router("/v1/jobs/{id}/images/{n}.png", "/v1/jobs/{id}", "/")
        #expect(try await respond(router, "/v1/jobs/a%2Fb") == "/v1/jobs/{id} a/b ")
        #expect(
            try await respond(router, "/v1/jobs/x/images/12.png")
                == "/v1/jobs/{id}/images/{n}.png x 12"
        )
        #expect(try await respond(router, "/") == "/  ")
        for path in [
            "/v1/jobs/x/images/.png", "/v1/jobs/x/images/12.jpg", "/v1/jobs/", "/v1/jobs",
            "/v1/jobs/x/", "//v1",
        ] {
            #expect(try await respond(router, path) == "404 ")
        }
    }

    @Test(
        "Literal segments win over captures, longer literal text over shorter, whatever the order of adding"
    )
    func specificity() async throws {
        for patterns in [
            ["/a/{id}", "/a/b", "/a/{id}.png", "/a/x{id}.png"],
            ["/a/x{id}.png", "/a/{id}.png", "/a/b", "/a/{id}"],
        ] {
            let router = router(patterns[0], patterns[1], patterns[2], patterns[3])
            #expect(try await respond(router, "/a/b") == "/a/b  ")
            #expect(try await respond(router, "/a/c.png") == "/a/{id}.png c ")
            #expect(try await respond(router, "/a/xc.png") == "/a/x{id}.png c ")
            #expect(try await respond(router, "/a/c") == "/a/{id} c ")
        }
    }

    @Test("Methods: HEAD falls to GET, others are refused with what is allowed")
    func methods() async throws {
        var router = router("/a")
        router.on(.post, "/a") { _, _ in ServerResponse(status: .created) }
        #expect(try await respond(router, "/a", .head) == "/a  ")
        #expect(try await respond(router, "/a", .post) == "201 ")
        #expect(try await respond(router, "/a", .delete) == "405 GET, HEAD, OPTIONS, POST")
        #expect(try await respond(router, "/a", .options) == "204 GET, HEAD, OPTIONS, POST")
        #expect(try await respond(router, "/b", .options) == "404 ")
        let request = ServerRequest(method: .get, target: try RequestTarget("/a"))
        #expect(router.summary(of: request) == RouteSummary(pattern: "/a"))
        router.on(.get, "/brief/{id}", isBrief: true) { _, _ in ServerResponse(status: .ok) }
        router.on(.put, "/brief/{id}") { _, _ in ServerResponse(status: .ok) }
        let briefs: [(HTTPRequest.Method, Bool)] = [(.get, true), (.head, true), (.put, false)]
        for (method, isBrief) in briefs {
            let request = ServerRequest(method: method, target: try RequestTarget("/brief/1"))
            let summary = router.summary(of: request)
            #expect(summary == RouteSummary(pattern: "/brief/{id}", isBrief: isBrief))
        }
        let unknown = ServerRequest(method: .get, target: try RequestTarget("/brief/1/2"))
        #expect(router.summary(of: unknown) == RouteSummary())
    }

    @Test(
        "A method that a path does not take is named, with those that it takes and how a file is sent",
        arguments: [
            (
                "/a", HTTPRequest.Method.delete,
                "This path takes GET, HEAD, OPTIONS and POST, not DELETE."
            ),
            (
                "/a", .put,
                "This path takes GET, HEAD, OPTIONS and POST, not PUT. Send a file by POST: with curl by --data-binary "
                    + "@FILE, where -T FILE means PUT."
            ),
            (
                "/a/photo.jpg", .put,
                "This path takes GET, HEAD and OPTIONS, not PUT. Send a file by POST to the path without its last part: with "
                    + "curl by --data-binary @FILE, where -T FILE means PUT."
            ),
            ("/b", .post, "This path takes OPTIONS and PUT, not POST."),
            ("/c", .get, "There is nothing at this path."),
            ("/c/", .get, "There is nothing at this path."),
            ("/a/", .get, "There is nothing at this path. Leave out the slash at its end."),
        ]
    )
    func wrongMethods(path: String, method: HTTPRequest.Method, detail: String) async throws {
        var router = router("/a", "/a/{id}")
        router.on(.post, "/a") { _, _ in ServerResponse(status: .created) }
        router.on(.put, "/b") { _, _ in ServerResponse(status: .created) }
        let response = try await router.respond(
            to: ServerRequest(method: method, target: try RequestTarget(path))
        )
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"detail\":\"\(detail)\""))
    }

    @Test("A handler's error passes through")
    func errors() async throws {
        var router = Router()
        router.on(.get, "/a") { _, _ in throw HTTPFault.badFraming }
        let request = ServerRequest(method: .get, target: try RequestTarget("/a"))
        await #expect(throws: HTTPFault.badFraming) { try await router.respond(to: request) }
    }

    @Test("Problem documents are JSON whatever their text")
    func problems() throws {
        let problem = Problem(
            status: .conflict,
            code: "a",
            detail: "q\"b\\n\u{1}\n é",
            fields: [.retryAfter: "5"]
        )
        guard case .bytes(let bytes) = problem.response.body else {
            Issue.record("no body")
            return
        }
        #expect(problem.response.fields[.contentType] == "application/problem+json")
        #expect(problem.response.fields[.retryAfter] == "5")
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"type":"/docs/problems#a","title":"Conflict","status":409,"code":"a","detail":"q\"b\\n\u0001\u000a é"}"#
                + "\n"
        )
    }

    @Test("A request body made of bytes comes in pieces, and only as much as is allowed")
    func bodies() async throws {
        let bytes = [UInt8](repeating: 7, count: 300_000)
        var sizes: [Int] = []
        for try await piece in RequestBody(bytes) { sizes.append(piece.count) }
        #expect(sizes == [262_144, 37_856])
        #expect(try await RequestBody(bytes).collect(upTo: 300_000) == bytes)
        await #expect(throws: HTTPFault.bodyTooLarge(limit: 299_999)) {
            try await RequestBody(bytes).collect(upTo: 299_999)
        }
    }
}
