import BlobStorage
import Cryptography
import Foundation
import Synchronization
import Testing

@testable import S3Blobs

/// What the client makes of answers, given by a server that reads them from a script.
@Suite struct S3ClientTests {
    private static let keys = S3CredentialsSource.fixed(
        S3Credentials(accessKey: "A", secretKey: "S")
    )

    private static let later = "Date: Tue, 01 Mar 2044 12:00:00 GMT"

    private func client(
        _ server: ScriptedServer,
        _ source: S3CredentialsSource = keys,
        observer: @escaping StorageExchange.Observer = { _ in }
    ) throws -> S3Client {
        try S3Client(
            location: S3Location("s3://bucket/p?endpoint=http://127.0.0.1:\(server.port)"),
            credentials: CurrentCredentials(source),
            retries: RetryPolicy(attempts: 3, firstPause: .milliseconds(1)),
            observer: observer
        )
    }

    private func put(_ client: S3Client) throws {
        try client.put("key", .bytes([1, 2, 3]), sha256: SHA256.hash([1, 2, 3]))
    }

    @Test func `what passes is tried again`() throws {
        let server = try ScriptedServer([
            ScriptedServer.error(503, "SlowDown"), "", ScriptedServer.answer(200),
        ])
        try put(client(server))
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.hasPrefix("PUT /bucket/key HTTP/1.1") })
        #expect(server.requests.allSatisfy { !$0.lowercased().contains("expect:") })
    }

    @Test func `each request is told of, with what came of it`() throws {
        let server = try ScriptedServer([
            ScriptedServer.error(503, "SlowDown"), "", ScriptedServer.answer(200),
            ScriptedServer.error(404, "NoSuchKey"), ScriptedServer.error(403, "AccessDenied"),
        ])
        let seen = Mutex<[String]>([])
        let client = try client(server) { exchange in
            let status = exchange.status.map(String.init) ?? "none"
            seen.withLock { $0.append("\(exchange.operation) \(status) \(exchange.end)") }
        }
        try put(client)
        #expect(throws: BlobStorageError.notFound) { try client.get("key", atMost: 9) }
        #expect(throws: BlobStorageError.self) { try client.list("p") { _ in } }
        #expect(
            seen.withLock(\.self) == [
                "put 503 repeated", "put none repeated", "put 200 answered", "get 404 answered",
                "list 403 failed",
            ]
        )
    }

    @Test func `what does not end is given up, with the store's words`() throws {
        let server = try ScriptedServer(
            [String](repeating: ScriptedServer.error(503, "SlowDown"), count: 3)
        )
        let error = try #require(throws: BlobStorageError.self) { try put(client(server)) }
        #expect(error.description.contains("503 (SlowDown: m)"), "\(error)")
        #expect(isPassing(error))
        #expect(server.requests.count == 3)
    }

    @Test func `a store that is not there is said to be so`() throws {
        let port = try ScriptedServer([""]).port
        let client = try S3Client(
            location: S3Location("s3://bucket?endpoint=http://127.0.0.1:\(port ^ 1)"),
            credentials: CurrentCredentials(Self.keys),
            retries: RetryPolicy(attempts: 2, firstPause: .milliseconds(1))
        )
        let error = try #require(throws: BlobStorageError.self) { try put(client) }
        #expect(error.description.contains("cannot be reached"), "\(error)")
        #expect(isPassing(error))
    }

    private func isPassing(_ error: BlobStorageError) -> Bool {
        if case .unreachable = error { true } else { false }
    }

    @Test func `nobody waits for long for a store that stands still`() {
        let policy = RetryPolicy()
        #expect(policy.pause(after: 1, within: .seconds(9), fraction: 0) == .milliseconds(50))
        #expect(policy.pause(after: 1, within: .seconds(20), fraction: 0) == nil)
        #expect(policy.pause(after: 5, within: .zero, fraction: 0) == nil)
    }

    @Test(arguments: [
        (403, "AccessDenied", "AccessDenied"), (404, "NoSuchBucket", "no such bucket"),
        (507, "", "full"), (403, "QuotaExceeded", "full"), (301, "PermanentRedirect", "301"),
    ])
    func `what is refused is not tried again`(status: Int, code: String, words: String) throws {
        let server = try ScriptedServer([ScriptedServer.error(status, code)])
        let error = try #require(throws: BlobStorageError.self) { try put(client(server)) }
        #expect(error.description.contains(words), "\(error)")
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [
        ScriptedServer.error(403, "RequestTimeTooSkewed", headers: [later]),
        ScriptedServer.error(400, "AccessDenied", headers: [later]),
        ScriptedServer.answer(403, headers: [later]), ScriptedServer.answer(400, headers: [later]),
    ])
    func `a store with another clock gets its own time, however it complains`(
        complaint: String
    ) throws {
        let server = try ScriptedServer([
            complaint, ScriptedServer.error(503, "SlowDown"), ScriptedServer.answer(404),
        ])
        #expect(try client(server).head("key") == nil)
        let last = try #require(server.requests.last)
        #expect(last.contains("x-amz-date: 20440301T1200"))
    }

    @Test func `a refusal by a store with the same clock is none of the clock's`() throws {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "'Date:' EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let now = format.string(from: Date())
        let server = try ScriptedServer([
            ScriptedServer.error(403, "AccessDenied", headers: [now]), ScriptedServer.answer(200),
        ])
        #expect(throws: BlobStorageError.self) { try put(client(server)) }
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [
        ScriptedServer.answer(206, "cde", headers: ["Content-Range: bytes 2-4/9"]),
        ScriptedServer.answer(200, "cde", headers: ["Content-Range: bytes 2-4/9"]),
        ScriptedServer.answer(200, "abcdefghi"),
    ])
    func `a part is a part, however it is answered`(answer: String) throws {
        let server = try ScriptedServer([answer])
        #expect(try client(server).get("key", 2..<5, atMost: 100) == Array("cde".utf8))
        #expect(try #require(server.requests.first).contains("range: bytes=2-4"))
    }

    @Test(arguments: [
        (ScriptedServer.answer(206, "cd", headers: ["Content-Range: bytes 2-3/4"]), "bytes"),
        (
            ScriptedServer.answer(206, "abc", headers: ["Content-Range: bytes 0-2/9"]),
            "another part"
        ),
        (ScriptedServer.answer(206, "cde"), "another part"),
        (ScriptedServer.answer(200, "abc"), "bytes"),
    ])
    func `a part that is not what was asked for is an error`(answer: String, words: String) throws {
        let server = try ScriptedServer([answer])
        let error = try #require(throws: BlobStorageError.self) {
            try client(server).get("key", 2..<5, atMost: 100)
        }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func `an error is told, however short the object would be`() throws {
        let server = try ScriptedServer([ScriptedServer.error(404, "NoSuchKey")])
        #expect(throws: BlobStorageError.notFound) {
            try client(server).get("key", 0..<1, atMost: 1)
        }
        #expect(server.requests.count == 1)
    }

    @Test func `more than was to be expected is not taken`() throws {
        let server = try ScriptedServer(
            [String](repeating: ScriptedServer.answer(200, "abcdef"), count: 3)
        )
        let error = try #require(throws: BlobStorageError.self) {
            try client(server).get("key", atMost: 5)
        }
        #expect(error.description.contains("too long"), "\(error)")
    }

    @Test func `a listing goes on from page to page`() throws {
        func page(_ key: String, _ rest: String) -> String {
            ScriptedServer.answer(
                200,
                "<ListBucketResult>\(rest)<Contents><Key>\(key)</Key></Contents></ListBucketResult>"
            )
        }
        let server = try ScriptedServer([
            page(
                "a&amp;b",
                "<IsTruncated>true</IsTruncated>"
                    + "<NextContinuationToken>x&lt;/=+</NextContinuationToken>"
            ),
            page("c", "<IsTruncated>false</IsTruncated>"),
        ])
        var keys: [String] = []
        try client(server).list("p/") { keys += $0 }
        #expect(keys == ["a&b", "c"])
        let target = try #require(server.requests.last).prefix { $0 != "\r" }
        #expect(target.contains("continuation-token=x%3C%2F%3D%2B&list-type=2&prefix=p%2F"))
    }

    @Test func `the age is told by the store's own clock`() throws {
        let server = try ScriptedServer([
            ScriptedServer.answer(
                200,
                headers: [
                    "Date: Sun, 06 Nov 1994 08:50:00 GMT",
                    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
                ]
            ),
            ScriptedServer.answer(404),
        ])
        let client = try client(server)
        #expect(try client.head("key")?.age == .seconds(23))
        #expect(try client.head("key") == nil)
    }
}
