import Foundation
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue
import StoreHarness
import Testing

@testable import HTTPAPI

@Suite("/v1/keys")
struct KeyTests {
    private struct Shown: Decodable, Equatable {
        struct Quotas: Decodable, Equatable {
            let imagesQueued, bytesQueued, jobsPerMinute: Int?
        }
        let id, name, prefix, state, createdAt: String
        let scopes: [String]
        let quotas: Quotas
        let expiresAt, lastUsedAt, revokedAt, secret: String?
    }

    private struct Page: Decodable {
        let keys: [Shown]
        let nextCursor: String?
    }

    private static let admin = APIKeySecret(presented: "plm_of-the-admin")

    private func fixture() async throws -> Fixture {
        let fixture = try await Fixture()
        _ = try await fixture.store.createKey(
            name: "admin",
            scopes: [.admin],
            hash: Self.admin.hash,
            prefix: Self.admin.prefix
        )
        return fixture
    }

    /// Sends a request of the admin's, with a JSON body if there is one.
    private func send(
        _ fixture: Fixture,
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: String? = nil,
        type: String? = "application/json"
    ) async throws -> Answer {
        var fields = HTTPFields()
        if body != nil { fields[.contentType] = type }
        return try await fixture.send(
            method,
            target,
            fields: fields,
            body: Array((body ?? "").utf8),
            key: Self.admin.text
        )
    }

    private func make(_ fixture: Fixture, _ body: String) async throws -> Shown {
        let answer = try await send(fixture, .post, "/v1/keys", body)
        #expect(answer.status == 201, "\(answer.text)")
        return try answer.json(Shown.self)
    }

    private func show(_ fixture: Fixture, _ id: String) async throws -> Shown {
        try await send(fixture, .get, "/v1/keys/\(id)").json(Shown.self)
    }

    @Test("A key is made, its secret shown once, and works as far as its scopes go")
    func makes() async throws {
        let fixture = try await fixture()
        let body = """
            {"name": "Zoë / 1", "scopes": ["read", "submit"], "expires_in_seconds": 60,
             "quotas": {"images_queued": 2, "bytes_queued": 100, "jobs_per_minute": 9}}
            """
        let answer = try await send(fixture, .post, "/v1/keys", body)
        #expect(answer.status == 201)
        #expect(answer.fields[.cacheControl] == "no-store")
        let key = try answer.json(Shown.self)
        #expect(answer.fields[.location] == "/v1/keys/\(key.id)")
        #expect(key.name == "Zoë / 1" && key.scopes == ["read", "submit"] && key.state == "active")
        #expect(key.quotas == Shown.Quotas(imagesQueued: 2, bytesQueued: 100, jobsPerMinute: 9))
        #expect(
            key.createdAt == "2023-11-14T22:13:20.000Z"
                && key.expiresAt == "2023-11-14T22:14:20.000Z"
        )
        let secret = try #require(key.secret)
        #expect(secret.hasPrefix(key.prefix))

        #expect(try await fixture.send(.get, "/v1/jobs", key: secret).status == 200)
        #expect(try await fixture.send(.get, "/v1/keys", key: secret).code == "scope_missing")
        for target in ["/v1/keys", "/v1/keys/\(key.id)"] {
            let text = try await send(fixture, .get, target).text
            #expect(text.contains(key.id) && !text.contains(secret) && !text.contains("\"secret\""))
        }
        fixture.clock.advance(seconds: 60)
        #expect(try await fixture.send(.get, "/v1/jobs", key: secret).code == "key_invalid")
        #expect(try await show(fixture, key.id).state == "expired")
    }

    @Test(
        "Each route needs its scope, and says which",
        arguments: [
            (HTTPRequest.Method.post, "/v1/jobs?class=a", APIKeyScope.submit),
            (.post, "/v1/jobs/x/cancel", .submit),
            (.delete, "/v1/jobs/x", .submit), (.get, "/v1/jobs", .read), (.head, "/v1/jobs", .read),
            (.get, "/v1/jobs/x", .read), (.get, "/v1/jobs/x/images", .read),
            (.get, "/v1/jobs/x/images/1.png", .read),
            (.get, "/v1/jobs/x/images/1/report", .read), (.get, "/v1/jobs/x/archive.zip", .read),
            (.post, "/v1/keys", .admin), (.get, "/v1/keys", .admin), (.get, "/v1/keys/x", .admin),
            (.patch, "/v1/keys/x", .admin), (.post, "/v1/keys/x/revoke", .admin),
        ]
    )
    func scopes(method: HTTPRequest.Method, target: String, scope: APIKeyScope) async throws {
        let fixture = try await Fixture()
        for given in APIKeyScope.allCases {
            let secret = try APIKeySecret.generate()
            _ = try await fixture.store.createKey(
                name: "k",
                scopes: [given],
                hash: secret.hash,
                prefix: secret.prefix
            )
            let answer = try await fixture.send(method, target, body: [1], key: secret.text)
            #expect((answer.status == 403) == (given != scope))
            guard given != scope else { continue }
            #expect(answer.code == "scope_missing" && answer.text.contains("'\(scope.rawValue)'"))
            #expect(
                answer.fields[.wwwAuthenticate]?.contains("scope=\"\(scope.rawValue)\"") == true
            )
        }
    }

    @Test(
        "JSON in another encoding than UTF-8, or with a mark in front, makes no key",
        arguments: [
            String.Encoding.utf16, .utf16BigEndian, .utf16LittleEndian, .utf32, .utf32BigEndian,
            .utf32LittleEndian,
            .isoLatin1, .utf8,
        ]
    )
    func encodings(encoding: String.Encoding) async throws {
        let fixture = try await fixture()
        let text = "{\"name\":\"Zo\u{EB}\",\"scopes\":[\"read\"]}"
        var body = Array(try #require(text.data(using: encoding)))
        // In UTF-8 only the mark is wrong.
        if encoding == .utf8 { body = [0xEF, 0xBB, 0xBF] + body }
        let answer = try await fixture.send(
            .post,
            "/v1/keys",
            fields: [.contentType: "application/json"],
            body: body,
            key: Self.admin.text
        )
        #expect((answer.status, answer.code) == (400, "body_encoding_invalid"))
        #expect(try await fixture.store.keys().allSatisfy { $0.name != "Zo\u{EB}" })
        #expect(try await make(fixture, text).name == "Zo\u{EB}")
    }

    @Test(
        "A body that is not wholly understood makes no key",
        arguments: [
            ("{\"name\":\"a\",\"scopes\":[\"read\"],\"name\":\"b\"}", "member_repeated"),
            ("{\"name\":\"a\",\"scopes\":[\"read\"],\"\\u006eame\":\"a\"}", "member_repeated"),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"images_queued\":1,\"images_queued\":9}}",
                "member_repeated"
            ),
            ("{\"name\":\"a\",\"scopes\":[\"read\"],}", "body_malformed"),
            ("{'name':'a','scopes':['read']}", "body_malformed"),
            (String(repeating: "[", count: 10_000), "body_malformed"),
            ("", "body_malformed"), ("[]", "body_malformed"), ("{\"name\":\"a\"", "body_malformed"),
            ("\"a\"", "body_malformed"), ("{\"name\":\"a\"} x", "body_malformed"),
            ("{}", "name_invalid"), ("{\"name\":1,\"scopes\":[\"read\"]}", "name_invalid"),
            ("{\"name\":\"\",\"scopes\":[\"read\"]}", "name_invalid"),
            ("{\"name\":\"  \",\"scopes\":[\"read\"]}", "name_invalid"),
            ("{\"name\":\"a\\nb\",\"scopes\":[\"read\"]}", "name_invalid"),
            ("{\"name\":\"a\"}", "scopes_invalid"),
            ("{\"name\":\"a\",\"scopes\":[]}", "scopes_invalid"),
            ("{\"name\":\"a\",\"scopes\":[\"protect\"]}", "scopes_invalid"),
            ("{\"name\":\"a\",\"scopes\":\"read\"}", "scopes_invalid"),
            ("{\"name\":\"a\",\"scopes\":[\"read\"],\"nmae\":1}", "member_unknown"),
            ("{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"images\":1}}", "member_unknown"),
            ("{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":1}", "quotas_invalid"),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"images_queued\":0}}",
                "images_queued_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"images_queued\":1.5}}",
                "images_queued_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"bytes_queued\":true}}",
                "bytes_queued_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"quotas\":{\"jobs_per_minute\":60001}}",
                "jobs_per_minute_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_in_seconds\":0}",
                "expires_in_seconds_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_in_seconds\":1e30}",
                "expires_in_seconds_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2023-11-14T22:13:20Z\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"soon\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2030-01-31\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2030-01-31T00:00:00Z!\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2030-02-31T00:00:00Z\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2030-01-31T25:00:00Z\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"9999-01-31T00:00:00Z\"}",
                "expires_at_invalid"
            ),
            (
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"2030-01-31T00:00:00Z\",\"expires_in_seconds\":1}",
                "expires_at_invalid"
            ),
        ]
    )
    func malformed(body: String, code: String) async throws {
        let fixture = try await fixture()
        let answer = try await send(fixture, .post, "/v1/keys", body)
        #expect(answer.status == 400)
        #expect(answer.code == code, "\(answer.text)")
        #expect(try await fixture.store.keys().count == 2)
    }

    @Test(
        "A body of another type is 415, one that is too large 413, a parameter that there is not 400"
    )
    func bodies() async throws {
        let fixture = try await fixture()
        let body = "{\"name\":\"a\",\"scopes\":[\"read\"]}"
        for type in [
            nil, "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json",
        ] {
            #expect(
                try await send(fixture, .post, "/v1/keys", body, type: type).code
                    == "media_type_unsupported"
            )
        }
        #expect(
            try await send(
                fixture,
                .post,
                "/v1/keys",
                body,
                type: "application/json; charset=utf-8"
            ).status == 201
        )
        let large = body.dropLast() + String(repeating: " ", count: JSONBody.maxBytes) + "}"
        #expect(try await send(fixture, .post, "/v1/keys", String(large)).status == 413)
        #expect(try await send(fixture, .post, "/v1/keys?x=1", body).code == "parameter_unknown")
        #expect(try await fixture.store.keys().count == 3)
    }

    @Test("Expiries are read with offsets and parts of seconds")
    func expiries() async throws {
        let fixture = try await fixture()
        for (text, expected) in [
            ("2030-01-31T12:00:00Z", "2030-01-31T12:00:00.000Z"),
            ("2030-01-31T12:00:00.250Z", "2030-01-31T12:00:00.250Z"),
            ("2030-01-31T12:00:00+01:00", "2030-01-31T11:00:00.000Z"),
        ] {
            let key = try await make(
                fixture,
                "{\"name\":\"a\",\"scopes\":[\"read\"],\"expires_at\":\"\(text)\"}"
            )
            #expect(key.expiresAt == expected)
        }
    }

    @Test("A patch changes what it names, null removes, and a revoked key stays as it is")
    func patches() async throws {
        let fixture = try await fixture()
        let key = try await make(
            fixture,
            """
            {"name":"a","scopes":["submit"],"expires_in_seconds":60,"quotas":{"images_queued":1,"bytes_queued":2}}
            """
        )
        let path = "/v1/keys/\(key.id)"
        for type in ["application/json", "application/merge-patch+json"] {
            let body = "{\"quotas\":{\"bytes_queued\":null,\"jobs_per_minute\":3}}"
            #expect(try await send(fixture, .patch, path, body, type: type).status == 200)
        }
        var shown = try await show(fixture, key.id)
        #expect(shown.quotas == Shown.Quotas(imagesQueued: 1, bytesQueued: nil, jobsPerMinute: 3))
        #expect(shown.name == "a" && shown.expiresAt == key.expiresAt)
        #expect(
            try await send(
                fixture,
                .patch,
                path,
                "{\"name\":\"b\",\"expires_at\":null,\"quotas\":null}"
            ).status == 200
        )
        shown = try await show(fixture, key.id)
        #expect(shown.name == "b" && shown.expiresAt == nil)
        #expect(
            shown.quotas == Shown.Quotas(imagesQueued: nil, bytesQueued: nil, jobsPerMinute: nil)
        )
        for (body, code) in [
            ("{\"expires_at\":null,\"expires_in_seconds\":null}", "expires_at_invalid"),
            ("{\"scopes\":[\"admin\"]}", "member_unknown"), ("{\"name\":null}", "name_invalid"),
            ("1", "body_malformed"),
            ("{\"expires_at\":\"2023-11-14T22:13:19Z\"}", "expires_at_invalid"),
        ] {
            #expect(try await send(fixture, .patch, path, body).code == code)
        }
        #expect(try await send(fixture, .patch, path, "{}").status == 200)
        #expect(try await show(fixture, key.id) == shown)
        #expect(try await send(fixture, .post, "\(path)/revoke").status == 200)
        #expect(try await send(fixture, .patch, path, "{\"name\":\"c\"}").code == "key_revoked")
        #expect(
            try await send(fixture, .patch, "/v1/keys/\(APIKeyID.random())", "{}").code
                == "key_unknown"
        )
    }

    @Test(
        "A revoked key is refused at once, stays in the list, and the last admin key cannot be revoked"
    )
    func revokes() async throws {
        let fixture = try await fixture()
        let key = try await make(fixture, "{\"name\":\"a\",\"scopes\":[\"read\"]}")
        let secret = try #require(key.secret)
        #expect(try await fixture.send(.get, "/v1/jobs", key: secret).status == 200)
        for _ in 0..<2 {
            #expect(try await send(fixture, .post, "/v1/keys/\(key.id)/revoke").status == 200)
        }
        #expect(try await fixture.send(.get, "/v1/jobs", key: secret).code == "key_invalid")
        let shown = try await show(fixture, key.id)
        #expect(shown.state == "revoked" && shown.revokedAt == "2023-11-14T22:13:20.000Z")
        let admin = try #require(try await fixture.store.keys().last { $0.scopes == [.admin] })
        let refused = try await send(fixture, .post, "/v1/keys/\(admin.id)/revoke")
        #expect((refused.status, refused.code) == (409, "last_admin_key"))
        _ = try await make(fixture, "{\"name\":\"b\",\"scopes\":[\"admin\"]}")
        #expect(try await send(fixture, .post, "/v1/keys/\(admin.id)/revoke").status == 200)
        #expect(try await send(fixture, .get, "/v1/keys").status == 401)
    }

    @Test("The last admin key is made to expire sooner by nobody")
    func lastAdminExpires() async throws {
        let fixture = try await fixture()
        let admin = try #require(try await fixture.store.keys().last { $0.scopes == [.admin] })
        func expire(_ seconds: Int) async throws -> Answer {
            try await send(
                fixture,
                .patch,
                "/v1/keys/\(admin.id)",
                "{\"expires_in_seconds\":\(seconds)}"
            )
        }
        let refused = try await expire(1)
        #expect((refused.status, refused.code) == (409, "last_admin_key"))
        _ = try await make(
            fixture,
            "{\"name\":\"b\",\"scopes\":[\"admin\"],\"expires_in_seconds\":100}"
        )
        #expect(try await expire(101).code == "last_admin_key")
        #expect(try await expire(100).status == 200)
        // Later is always possible, and sooner as long as the other one lives.
        #expect(try await expire(200).status == 200)
        #expect(try await expire(50).status == 200)
        #expect(
            try await send(fixture, .patch, "/v1/keys/\(admin.id)", "{\"name\":\"c\"}").status
                == 200
        )
    }

    @Test("Keys are listed page by page, newest first")
    func lists() async throws {
        let fixture = try await fixture()
        for name in ["a", "b", "c"] {
            fixture.clock.advance(seconds: 1)
            _ = try await make(fixture, "{\"name\":\"\(name)\",\"scopes\":[\"read\"]}")
        }
        var names: [String] = []
        var target = "/v1/keys?limit=2"
        while true {
            let page = try await send(fixture, .get, target).json(Page.self)
            names += page.keys.map(\.name)
            guard let cursor = page.nextCursor else { break }
            target = "/v1/keys?limit=2&cursor=\(cursor)"
        }
        #expect(
            names.prefix(3) == ["c", "b", "a"] && Set(names.dropFirst(3)) == ["admin", "tests"]
                && names.count == 5
        )
        #expect(try await send(fixture, .get, "/v1/keys?cursor=x").code == "cursor_invalid")
        #expect(try await send(fixture, .get, "/v1/keys?limit=0").code == "limit_invalid")
        #expect(try await send(fixture, .get, "/v1/keys/x").code == "key_unknown")
    }
}
