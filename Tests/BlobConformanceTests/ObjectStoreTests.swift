import BlobStorage
import Cryptography
import Foundation
import S3Blobs
import Testing

/// What a real object store says to requests that it must refuse.
@Suite(.enabled(if: TestedObjectStore.server != nil)) struct ObjectStoreTests {
    private func refusal(
        of location: String,
        _ credentials: S3CredentialsSource
    ) throws -> String {
        let blobs = try S3Blobs(
            location: S3Location(location),
            credentials: credentials,
            scratch: FileManager.default.temporaryDirectory.path
        )
        return try #require(throws: BlobStorageError.self) { try blobs.checkWrites() }.description
    }

    @Test func `A wrong secret is told as such`() throws {
        let server = try #require(TestedObjectStore.server)
        let key = try server.credentials.read().accessKey
        let words = try refusal(
            of: server.location,
            .fixed(S3Credentials(accessKey: key, secretKey: "of-another"))
        )
        #expect(words.contains("SignatureDoesNotMatch"), "\(words)")
    }

    @Test func `A bucket that is missing is told as such`() throws {
        let server = try #require(TestedObjectStore.server)
        let words = try refusal(
            of: server.location.replacing(/s3:\/\/[^?\/]*/, with: "s3://nobodys"),
            server.credentials
        )
        #expect(words.contains("no such bucket"), "\(words)")
    }

    @Test func `Keys that are replaced in their file are taken`() throws {
        let server = try #require(TestedObjectStore.server)
        let variables = ProcessInfo.processInfo.environment
        let key = try #require(variables["AWS_ACCESS_KEY_ID"])
        let secret = try #require(variables["AWS_SECRET_ACCESS_KEY"])
        let folder = FileManager.default.temporaryDirectory.path
        let path = "\(folder)/credentials-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func write(_ secret: String) throws {
            let text = "[default]\naws_access_key_id=\(key)\naws_secret_access_key=\(secret)\n"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        for first in [{ _ = try $0.size(of: SHA256.hash([])) }, { try $0.checkWrites() }]
            as [(any BlobStorage) throws -> Void]
        {
            try write("of-another")
            let blobs = try S3Blobs(
                location: S3Location(server.location),
                credentials: .file(path),
                scratch: folder
            )
            #expect(throws: BlobStorageError.self) { try first(blobs) }
            try write(secret)
            try first(blobs)
        }
    }
}
