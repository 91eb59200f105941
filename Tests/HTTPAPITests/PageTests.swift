import Cryptography
import FoundationEssentials
import HTTPServer
import HTTPTypes
import PublicFiles
import Testing

@testable import HTTPAPI

@Suite("The page")
struct PageTests {
    /// The folder that the binary embeds.
    private static let folder = URL(filePath: #filePath).appending(path: "../../../Public")
        .standardized.path

    @Test("The binary has every file of the folder, byte for byte")
    func embedsAll() throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Self.folder)
            .filter { $0.contains(".") && !["PublicFiles.swift", "openapi.json"].contains($0) }
        #expect(names.contains("page/main.js") && names.count > 20)
        #expect(PublicFiles.page.map(\.path).sorted() == names.sorted())
        for file in PublicFiles.page {
            let stored = FileManager.default.contents(atPath: "\(Self.folder)/\(file.path)")
            #expect(stored.map { [UInt8]($0) } == file.bytes, "\(file.path)")
        }
    }

    @Test("Everybody gets each file with its type and a policy that allows nothing from elsewhere")
    func servesFiles() async throws {
        let fixture = try await Fixture()
        for (path, type) in [
            ("/", "text/html; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
            ("/page/main.js", "text/javascript; charset=utf-8"),
            ("/strings.json", "application/json"), ("/icon.svg", "image/svg+xml"),
        ] {
            let answer = try await fixture.send(.get, path, key: nil)
            #expect(answer.status == 200 && answer.fields[.contentType] == type)
            #expect(answer.fields[.contentEncoding] == nil)
            let policy = try #require(answer.fields[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"))
            #expect(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains("*"))
        }
        #expect(try await fixture.send(.get, "/page/none.js", key: nil).code == "not_found")
        #expect(try await fixture.send(.get, "/page/..%2Fstyle.css", key: nil).status == 404)
        #expect(try await fixture.send(.get, "/index.html", key: nil).status == 404)
    }

    @Test("The documentation is there for everybody, and may run no script at all")
    func servesDocumentation() async throws {
        let fixture = try await Fixture()
        for path in ["/docs", "/docs/problems"] {
            let answer = try await fixture.send(.get, path, key: nil)
            #expect(answer.status == 200)
            #expect(answer.fields[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(answer.fields[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; style-src 'self';"))
            #expect(!policy.contains("script") && !answer.text.contains("<script"))
        }
        let style = try await fixture.send(.get, "/docs/docs.css", key: nil)
        #expect(style.fields[.contentType] == "text/css; charset=utf-8")
        #expect(try await fixture.send(.get, "/docs/index.html", key: nil).status == 404)
    }

    @Test("As a browser fetches it, the page weighs less than 80 kB")
    func isLight() async throws {
        let fixture = try await Fixture()
        var weight = 0
        for path in fixture.api.page.paths where !path.hasPrefix("/docs") {
            weight += try await fixture.send(
                .get,
                path,
                fields: [.acceptEncoding: "gzip, deflate, br"],
                key: nil
            ).body.count
        }
        #expect((20_000..<80_000).contains(weight), "\(weight) bytes")
    }

    @Test("What the browser has already is not sent again, in either form")
    func revalidates() async throws {
        let fixture = try await Fixture()
        var tags: Set<String> = []
        for coding in ["gzip", "identity"] {
            let first = try await fixture.send(
                .get,
                "/style.css",
                fields: [.acceptEncoding: coding],
                key: nil
            )
            let tag = try #require(first.fields[.eTag])
            #expect(first.fields[.vary] == "Accept-Encoding")
            #expect(first.fields[.contentEncoding] == (coding == "gzip" ? "gzip" : nil))
            tags.insert(tag)
            let again = try await fixture.send(
                .get,
                "/style.css",
                fields: [.acceptEncoding: coding, .ifNoneMatch: tag],
                key: nil
            )
            #expect(again.status == 304 && again.body.isEmpty)
        }
        #expect(tags.count == 2)
    }

    @Test(
        "Only who allows gzip gets it",
        arguments: [
            ("gzip", true), ("deflate, GZIP;q=0.5, br", true), ("x-gzip", true),
            ("gzip;q=0", false), ("gzip; q=0.000", false), ("br", false), ("", false),
            ("gzipped", false),
        ]
    )
    func negotiates(field: String, isAllowed: Bool) {
        #expect(PageFiles.allowsGzip(field) == isAllowed)
        #expect(!PageFiles.allowsGzip(nil))
    }
}
