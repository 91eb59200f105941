import Foundation
import S3Blobs

/// A shared credentials file in a temporary folder, which is removed in the end.
final class CredentialsFile {
    let path = FileManager.default.temporaryDirectory.path + "/credentials-" + UUID().uuidString

    var source: S3CredentialsSource { .file(path) }

    init(_ text: String) throws {
        try write(text)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, permissions: Int = 0o600) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    }

    /// The text of a file with a key and the secret that goes with it.
    static func text(_ key: String) -> String {
        "[default]\naws_access_key_id = \(key)\naws_secret_access_key = secret-of-\(key)\n"
    }
}
