import BlobHarness
import BlobStorage
import Cryptography
import Foundation
import S3Blobs

/// A prefix of its own in a server's bucket, and behind its back the folder that the server serves.
final class TestedObjectStore: TestedStorage {
    /// The server that the environment names.
    struct Server {
        /// `s3://BUCKET?endpoint=…`.
        let location: String
        let credentials: S3Credentials
        /// The folder that holds the bucket's objects as files.
        let folder: String
    }

    static let server: Server? = {
        let variables = ProcessInfo.processInfo.environment
        guard let location = variables["PALIMPSEST_TEST_S3"],
            let folder = variables["PALIMPSEST_TEST_S3_FOLDER"],
            let key = variables["AWS_ACCESS_KEY_ID"],
            let secret = variables["AWS_SECRET_ACCESS_KEY"]
        else { return nil }
        return Server(
            location: location,
            credentials: S3Credentials(accessKey: key, secretKey: secret),
            folder: folder
        )
    }()

    private let server: Server
    private let prefix = "tests/" + UUID().uuidString
    private let scratch: String

    init() throws {
        guard let server = Self.server else { throw CocoaError(.featureUnsupported) }
        self.server = server
        scratch = FileManager.default.temporaryDirectory.path + "/spools-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: scratch,
            withIntermediateDirectories: false
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: scratch)
        try? FileManager.default.removeItem(atPath: "\(server.folder)/\(prefix)")
    }

    func open() throws -> any BlobStorage {
        let parts = server.location.split(separator: "?", maxSplits: 1)
        let blobs = try S3Blobs(
            location: S3Location("\(parts[0])/\(prefix)?\(parts[1])"),
            credentials: server.credentials,
            scratch: scratch
        )
        try blobs.sweepTemporary()
        return blobs
    }

    func age(_ sha256: SHA256Digest, by time: Duration) throws {
        let date = Date(timeIntervalSinceNow: -Double(time.components.seconds))
        try FileManager.default.setAttributes(
            [.modificationDate: date],
            ofItemAtPath: path(of: sha256)
        )
        waitForServer()
    }

    func damage(_ sha256: SHA256Digest) throws {
        let url = URL(fileURLWithPath: path(of: sha256))
        var bytes = try Data(contentsOf: url)
        bytes[0] ^= 1
        try bytes.write(to: url)
        waitForServer()
    }

    /// Waits until the server looks at its files anew (`scripts/with-object-store`).
    private func waitForServer() {
        Thread.sleep(forTimeInterval: 1.2)
    }

    func unfinished() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: scratch).count
    }

    private func path(of sha256: SHA256Digest) -> String {
        "\(server.folder)/\(prefix)/blobs/\(sha256.hex.prefix(2))/\(sha256.hex)"
    }
}
