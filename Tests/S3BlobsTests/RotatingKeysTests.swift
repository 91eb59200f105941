import BlobStorage
import Cryptography
import Testing

@testable import S3Blobs

/// Keys whose file is replaced while they are in use.
@Suite struct RotatingKeysTests {
    private func client(_ server: ScriptedServer, _ source: S3CredentialsSource) throws -> S3Client
    {
        try S3Client(
            location: S3Location("s3://bucket/p?endpoint=http://127.0.0.1:\(server.port)"),
            credentials: CurrentCredentials(source),
            retries: RetryPolicy(attempts: 3, firstPause: .milliseconds(1))
        )
    }

    private func put(_ client: S3Client) throws {
        try client.put("key", .bytes([1, 2, 3]), sha256: SHA256.hash([1, 2, 3]))
    }

    private func keys(of server: ScriptedServer) -> [Substring] {
        server.requests.map { request in
            request.firstMatch(of: /Credential=([^\/]*)\//)?.1 ?? ""
        }
    }

    @Test(arguments: [
        ScriptedServer.error(403, "InvalidAccessKeyId"),
        ScriptedServer.error(403, "SignatureDoesNotMatch"),
        ScriptedServer.error(400, "ExpiredToken"), ScriptedServer.error(403, "ExpiredToken"),
        ScriptedServer.error(403, "InvalidToken"),
    ])
    func `keys that are refused are read again, and the new ones stay`(refusal: String) throws {
        let server = try ScriptedServer([
            ScriptedServer.answer(200), refusal, ScriptedServer.answer(200),
            ScriptedServer.answer(200),
        ])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let client = try client(server, file.source)
        try put(client)
        try file.write(CredentialsFile.text("NEW"))
        try put(client)
        try put(client)
        #expect(keys(of: server) == ["OLD", "OLD", "NEW", "NEW"])
    }

    @Test(arguments: [400, 403])
    func `the answer to HEAD has no words, and may mean the keys`(status: Int) throws {
        let server = try ScriptedServer([
            ScriptedServer.answer(status), ScriptedServer.answer(404),
        ])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let client = try client(server, file.source)
        try file.write(CredentialsFile.text("NEW"))
        #expect(try client.head("key") == nil)
        #expect(keys(of: server) == ["OLD", "NEW"])
    }

    @Test func `another refusal than of keys leaves them`() throws {
        let server = try ScriptedServer([ScriptedServer.error(403, "AccessDenied")])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let client = try client(server, file.source)
        try file.write(CredentialsFile.text("NEW"))
        #expect(throws: BlobStorageError.self) { try put(client) }
        #expect(keys(of: server) == ["OLD"])
    }

    @Test func `new keys are tried once`() throws {
        let refusal = ScriptedServer.error(403, "InvalidAccessKeyId")
        let server = try ScriptedServer([refusal, refusal])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let client = try client(server, file.source)
        try file.write(CredentialsFile.text("NEW"))
        #expect(throws: BlobStorageError.self) { try put(client) }
        #expect(keys(of: server) == ["OLD", "NEW"])
    }

    @Test func `the same keys are not tried again`() throws {
        let server = try ScriptedServer([ScriptedServer.error(403, "InvalidAccessKeyId")])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let error = try #require(throws: BlobStorageError.self) {
            try put(client(server, file.source))
        }
        #expect(error.description.contains("InvalidAccessKeyId"), "\(error)")
        #expect(keys(of: server) == ["OLD"])
    }

    @Test func `a new file that is of no use is told with the refusal`() throws {
        let server = try ScriptedServer([ScriptedServer.error(403, "InvalidAccessKeyId")])
        let file = try CredentialsFile(CredentialsFile.text("OLD"))
        let client = try client(server, file.source)
        try file.write(CredentialsFile.text("NEW"), permissions: 0o644)
        let error = try #require(throws: BlobStorageError.self) { try put(client) }
        #expect(error.description.contains("InvalidAccessKeyId"), "\(error)")
        #expect(error.description.contains("chmod 600"), "\(error)")
        #expect(keys(of: server) == ["OLD"])
    }
}
