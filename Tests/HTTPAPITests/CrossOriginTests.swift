import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Pages of other origins")
struct CrossOriginTests {
    private static let listed = "https://photos.example"

    private static func send(
        _ method: HTTPRequest.Method,
        from origin: String?,
        origins: [String] = [listed],
        fields: HTTPFields = [:]
    ) async throws -> Answer {
        let fixture = try await Fixture { $0.corsOrigins = origins }
        var fields = fields
        fields[.origin] = origin
        return try await fixture.send(method, "/v1/jobs", fields: fields)
    }

    @Test("A listed one may read answers and refusals, and the fields that clients need")
    func listed() async throws {
        let answer = try await Self.send(.get, from: Self.listed)
        #expect(answer.status == 200)
        #expect(answer.fields[.accessControlAllowOrigin] == Self.listed)
        #expect(answer.fields[.vary] == "Origin")
        let exposed = try #require(answer.fields[.accessControlExposeHeaders])
        #expect(exposed.contains("Location") && exposed.contains("X-Request-Id"))
        // A browser must never add what it keeps, such as cookies.
        #expect(answer.fields[.accessControlAllowCredentials] == nil)
        let refusal = try await Self.send(.get, from: Self.listed, fields: [.accept: "text/plain"])
        #expect(refusal.code == "not_acceptable")
        #expect(refusal.fields[.accessControlAllowOrigin] == Self.listed)
    }

    @Test("A preflight is answered without a key, with the methods of the path")
    func preflight() async throws {
        let fields: HTTPFields = [
            .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "authorization",
        ]
        let answer = try await Self.send(.options, from: Self.listed, fields: fields)
        #expect(answer.status == 204)
        #expect(answer.fields[.accessControlAllowMethods] == "GET, HEAD, OPTIONS, POST")
        let allowed = try #require(answer.fields[.accessControlAllowHeaders])
        #expect(allowed.split(separator: ", ").contains("Authorization"))
        #expect(answer.fields[.accessControlMaxAge] == "600")
    }

    @Test(
        "One that is not listed is told nothing",
        arguments: [
            "https://photos.example.evil", "http://photos.example", "https://photos.example:8443",
            "https://PHOTOS.example", "null", nil,
        ]
    )
    func unlisted(origin: String?) async throws {
        let answer = try await Self.send(.get, from: origin)
        #expect(answer.fields[.accessControlAllowOrigin] == nil)
        // Else a cache could give a listed page's answer to another.
        #expect(answer.fields[.vary] == "Origin")
    }

    @Test("By default no page may")
    func off() async throws {
        let answer = try await Self.send(.get, from: Self.listed, origins: [])
        #expect(answer.status == 200)
        #expect(answer.fields[.accessControlAllowOrigin] == nil && answer.fields[.vary] == nil)
    }

    @Test("Vary keeps what else an answer depends on")
    func varies() async throws {
        let fixture = try await Fixture { $0.corsOrigins = [Self.listed] }
        let answer = try await fixture.send(.get, "/style.css", key: nil)
        #expect(answer.fields[.vary] == "Accept-Encoding, Origin")
    }

    @Test(
        "Only origins as browsers send them can be listed",
        arguments: [
            ("https://photos.example", true), ("http://localhost:5173", true),
            ("http://[::1]:8080", true), ("https://photos.example/", false),
            ("https://photos.example:443", false), ("http://photos.example:80", false),
            ("https://Photos.example", false), ("photos.example", false),
            ("https://user@photos.example", false), ("https://photos.example?a", false),
            ("ftp://photos.example", false), ("*", false), ("null", false), ("", false),
        ]
    )
    func origins(text: String, isValid: Bool) throws {
        #expect(WebOrigin.isValid(text) == isValid)
        guard !text.isEmpty else { return }
        let flags: [SettingsKey: String] = [.corsOrigins: "https://a.example, \(text)"]
        if isValid {
            let settings = try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
            #expect(settings.corsOrigins == ["https://a.example", text])
        } else {
            #expect(throws: SettingsLoader.Faults.self) {
                try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
            }
        }
    }
}
