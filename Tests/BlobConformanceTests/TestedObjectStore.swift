import BlobHarness
import BlobStorage
import Cryptography
import Foundation
import S3Blobs
import Testing

/// A prefix of its own in a server's bucket (`scripts/with-object-store`).
final class TestedObjectStore: TestedStorage {
    /// The server that the environment names.
    struct Server {
        /// `s3://BUCKET?endpoint=…`.
        let location: String
        let credentials: S3CredentialsSource
        /// The program that goes to an object's file behind the server's back, where there is one.
        let tamper: String?
    }

    static let server: Server? = {
        let variables = ProcessInfo.processInfo.environment
        guard let location = variables["PALIMPSEST_TEST_S3"],
            let key = variables["AWS_ACCESS_KEY_ID"],
            let secret = variables["AWS_SECRET_ACCESS_KEY"]
        else { return nil }
        return Server(
            location: location,
            credentials: .fixed(S3Credentials(accessKey: key, secretKey: secret)),
            tamper: variables["PALIMPSEST_TEST_S3_TAMPER"]
        )
    }()

    private let server: Server
    /// With bytes that a path must escape, one of them as if it were escaped already.
    private let prefix = "testsé+&=%41'/" + UUID().uuidString
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
        try tamper(["age", key(of: sha256), String(time.components.seconds)])
    }

    func damage(_ sha256: SHA256Digest) throws {
        try tamper(["damage", key(of: sha256)])
    }

    func unfinished() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: scratch).count
    }

    private func tamper(_ arguments: [String]) throws {
        guard let program = server.tamper else {
            try Self.skip("no PALIMPSEST_TEST_S3_TAMPER goes to this store's files")
        }
        let process = Process()
        let words = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = words
        try process.run()
        let said = try words.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let reason = String(decoding: said, as: UTF8.self).trimmingCharacters(in: .newlines)
        // The store cannot be brought into that state (EX_UNAVAILABLE).
        if process.terminationStatus == 69 { try Self.skip(reason) }
        try #require(process.terminationStatus == 0, "\(reason)")
    }

    /// Ends a test where it asks for what cannot be done, with a warning, since the end of one case
    /// alone is not told.
    private static func skip(_ reason: String) throws -> Never {
        Issue.record("skipped on this object store: \(reason)", severity: .warning)
        try Test.cancel("\(reason)")
    }

    private func key(of sha256: SHA256Digest) -> String {
        "\(prefix)/blobs/\(sha256.hex.prefix(2))/\(sha256.hex)"
    }
}
