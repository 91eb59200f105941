import HTTPServer
import HTTPTypes
import Queue
import SocketIO
import Testing

@testable import HTTPAPI

@Suite("/v1/sign-in and the banner")
struct SignInTests {
    private struct Shown: Decodable { let key: String }

    private func body(_ token: String) -> [UInt8] { Array("{\"token\": \"\(token)\"}".utf8) }

    @Test("A token gives the key once, and a wrong one does not use it up")
    func once() async throws {
        let fixture = try await Fixture()
        let link = try SignInLink(for: fixture.secret)
        var api = fixture.api
        api.signInLink = link
        for wrong in ["x", String(link.token.dropLast()), link.token + "A"] {
            let answer = try await fixture.send(to: api, .post, "/v1/sign-in", body: body(wrong))
            #expect((answer.status, answer.code) == (403, "sign_in_invalid"))
        }
        let first = try await fixture.send(to: api, .post, "/v1/sign-in", body: body(link.token))
        #expect(first.status == 200 && first.fields[.cacheControl] == "no-store")
        #expect(try first.json(Shown.self).key == fixture.secret.text)
        let second = try await fixture.send(to: api, .post, "/v1/sign-in", body: body(link.token))
        #expect((second.status, second.code) == (403, "sign_in_invalid"))
    }

    @Test("Of twenty that redeem it at once, one gets the key")
    func oneOfMany() async throws {
        let link = try SignInLink(for: APIKeySecret(presented: "plm_for-tests"))
        let count = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { link.redeem(link.token) == nil ? 0 : 1 } }
            return await group.reduce(0, +)
        }
        #expect(count == 1)
    }

    @Test("After an hour the token is worth nothing")
    func expires() throws {
        let clock = Fixture.Clock()
        let start = ContinuousClock.now
        let time = { @Sendable in start + .milliseconds(clock.now - Fixture.Clock.start) }
        let secret = APIKeySecret(presented: "plm_for-tests")
        let (early, late) = (
            try SignInLink(for: secret, clock: time), try SignInLink(for: secret, clock: time)
        )
        clock.advance(seconds: 3599)
        #expect(early.redeem(early.token)?.text == secret.text)
        clock.advance(seconds: 1)
        #expect(late.redeem(late.token) == nil)
    }

    @Test("Without a link, and with another body, nobody signs in")
    func refuses() async throws {
        let fixture = try await Fixture()
        for (body, status, code) in [
            (body("x"), 403, "sign_in_invalid"), (Array("{}".utf8), 400, "token_invalid"),
            (body(""), 400, "token_invalid"), (Array("{\"token\": 1}".utf8), 400, "token_invalid"),
            (Array("{\"token\": \"x\", \"a\": 1}".utf8), 400, "member_unknown"),
        ] {
            let answer = try await fixture.send(to: fixture.api, .post, "/v1/sign-in", body: body)
            #expect((answer.status, answer.code) == (status, code))
        }
    }

    @Test(
        "The banner's first line is the page's address",
        arguments: [
            ("127.0.0.1", false, "http://127.0.0.1:8080/"),
            ("0.0.0.0", false, "http://127.0.0.1:8080/"), ("::", true, "https://[::1]:8080/"),
            ("192.0.2.7", true, "https://192.0.2.7:8080/"),
        ]
    )
    func banner(host: String, isEncrypted: Bool, page: String) throws {
        let address = try SocketAddress(host: host, port: 8080)
        let alone = Banner.text(at: address, isEncrypted: isEncrypted, token: nil)
        #expect(alone == "\(page)\n")
        let lines = Banner.text(at: address, isEncrypted: isEncrypted, token: "abc")
            .split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == page)
        #expect(lines[1].hasSuffix(" \(page)#sign-in=abc"))
    }

    @Test("Behind a socket there is no address, and so no link")
    func bannerOfSocket() {
        let text = Banner.text(at: .unix(path: "/run/p.sock"), isEncrypted: false, token: "abc")
        #expect(text == "The page is at / of unix:/run/p.sock, for a proxy to pass on.\n")
    }
}
