import HTTPServer
import HTTPTypes
import HTTPWire
import Operations
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("Shares of requests") struct RequestShareTests {
    /// Asks with a key, and keeps what the answer keeps.
    private func ask(
        _ fixture: Fixture,
        _ target: String,
        key: String = "plm_for-tests",
        isOnReserve: Bool = false,
        clientEnd: ClientEnd = ClientEnd()
    ) async throws -> ServerResponse {
        let request = ServerRequest(
            method: .get,
            target: try RequestTarget(target),
            fields: [.authorization: "Bearer \(key)"],
            clientEnd: clientEnd,
            isOnReserve: isOnReserve
        )
        return await fixture.api.respond(to: request, by: fixture.router)
    }

    private func code(_ response: ServerResponse) throws -> String {
        guard case .bytes(let bytes) = response.body else { return "" }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\"code\":\"").last.map {
            String($0.prefix { $0 != "\"" })
        } ?? ""
    }

    private func makeKey(
        _ fixture: Fixture,
        _ text: String,
        _ scopes: Set<APIKeyScope>
    ) async throws {
        let secret = APIKeySecret(presented: text)
        _ = try await fixture.store.createKey(
            name: text,
            scopes: scopes,
            hash: secret.hash,
            prefix: secret.prefix
        )
    }

    @Test(
        "A key has its share, whatever its requests do, until their answers have left; others have theirs"
    )
    func share() async throws {
        let fixture = try await Fixture { $0.maxRequestsPerKey = 3 }
        try await makeKey(fixture, "plm_other", [.read])
        let path = try await fixture.upload([1])
        var held = [
            try await ask(fixture, "/v1/jobs"), try await ask(fixture, path),
            try await ask(fixture, path + "/events"),
        ]
        #expect(held.map(\.status) == [.ok, .ok, .ok])
        for target in ["/v1/jobs", path + "?wait=60", path + "/events", path + "/archive.zip"] {
            let refused = try await ask(fixture, target)
            #expect(refused.status == .tooManyRequests)
            #expect(try code(refused) == "key_busy")
            #expect(refused.fields[.retryAfter] == "5")
        }
        #expect(try await ask(fixture, "/v1/jobs", key: "plm_other").status == .ok)
        #expect(try await fixture.send(.get, "/healthz", key: nil).status == 200)
        held.removeLast()
        #expect(try await ask(fixture, "/v1/jobs").status == .ok)
        held = []
        // What fails holds nothing either.
        for _ in 0..<10 { #expect(try await ask(fixture, "/v1/jobs/none").status == .notFound) }
        #expect(try await ask(fixture, path + "/events").status == .ok)
    }

    @Test("On reserve only admins are answered, some of them, and whoever asks how the service is")
    func reserve() async throws {
        let fixture = try await Fixture()
        try await makeKey(fixture, "plm_admin", [.admin, .read])
        let refused = try await ask(fixture, "/v1/jobs", isOnReserve: true)
        #expect(refused.status == .serviceUnavailable)
        #expect(try code(refused) == "connections_exhausted")
        #expect(refused.fields[.retryAfter] == "2")
        #expect(refused.fields[.connection] == "close")
        for target in ["/healthz", "/readyz", "/openapi.json"] {
            #expect(try await ask(fixture, target, isOnReserve: true).status == .ok)
        }
        #expect(
            try await ask(fixture, "/v1/jobs", key: "plm_unknown", isOnReserve: true).status
                == .unauthorized
        )
        var held: [ServerResponse] = []
        for _ in 0..<API.maxAdminsOnReserve {
            held.append(try await ask(fixture, "/v1/jobs", key: "plm_admin", isOnReserve: true))
        }
        #expect(held.allSatisfy { $0.status == .ok })
        let late = try await ask(fixture, "/v1/jobs", key: "plm_admin", isOnReserve: true)
        #expect(try code(late) == "connections_exhausted")
        #expect(try await ask(fixture, "/v1/jobs", key: "plm_admin").status == .ok)
        held.removeLast()
        #expect(
            try await ask(fixture, "/v1/jobs", key: "plm_admin", isOnReserve: true).status == .ok
        )
    }

    @Test("A wait and a stream end when their client has")
    func clientEnd() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        let end = ClientEnd()
        async let waiting = ask(fixture, path + "?wait=60", clientEnd: end)
        let stream = try await ask(fixture, path + "/events", clientEnd: end)
        guard case .stream(_, let run) = stream.body else {
            Issue.record("no stream")
            return
        }
        let (events, report) = AsyncStream.makeStream(of: String.self)
        async let streaming: Void = run(
            ResponseWriter { report.yield(String(decoding: $0, as: UTF8.self)) }
        )
        // The first event is there, and the job will not change any more.
        var heard = events.makeAsyncIterator()
        while let text = await heard.next(), !text.contains("event: job") {}
        end.end()
        try await streaming
        #expect(try await waiting.status == .ok)
    }
}
