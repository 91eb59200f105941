import BlobStorage
import Foundation
import S3Blobs
import Testing

/// What a real object store says to requests that it must refuse.
@Suite(.enabled(if: TestedObjectStore.server != nil)) struct ObjectStoreTests {
    private func refusal(of location: String, _ credentials: S3Credentials) throws -> String {
        let blobs = try S3Blobs(
            location: S3Location(location),
            credentials: credentials,
            scratch: FileManager.default.temporaryDirectory.path
        )
        return try #require(throws: BlobStorageError.self) { try blobs.checkWrites() }.description
    }

    @Test func `A wrong secret is told as such`() throws {
        let server = try #require(TestedObjectStore.server)
        let key = server.credentials.accessKey
        let words = try refusal(
            of: server.location,
            S3Credentials(accessKey: key, secretKey: "of-another")
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
}
