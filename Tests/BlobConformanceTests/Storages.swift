import BlobHarness
import BlobStorage
import Cryptography
import Foundation
import LocalBlobs

/// The storages that are held to all tests of this target; another one is added here.
enum Storages: CaseIterable {
    case folder
    case memory
    case objectStore

    /// All of them; the object store where a server is named to the tests (`scripts/with-object-store`).
    static var allCases: [Storages] {
        TestedObjectStore.server == nil ? [.folder, .memory] : [.folder, .memory, .objectStore]
    }

    func make() throws -> any TestedStorage {
        switch self {
        case .folder: try TestedFolder()
        case .memory: TestedMemory()
        case .objectStore: try TestedObjectStore()
        }
    }
}

/// The service's own storage, in a folder that is removed in the end.
private final class TestedFolder: TestedStorage {
    private let root: String

    init() throws {
        root = FileManager.default.temporaryDirectory.path + "/blobs-" + UUID().uuidString
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    func open() throws -> any BlobStorage {
        let blobs = try LocalBlobs(root: root)
        try blobs.sweepTemporary()
        return blobs
    }

    func age(_ sha256: SHA256Digest, by time: Duration) throws {
        let date = Date(timeIntervalSinceNow: -Double(time.components.seconds))
        try FileManager.default.setAttributes(
            [.modificationDate: date],
            ofItemAtPath: path(of: sha256)
        )
    }

    func damage(_ sha256: SHA256Digest) throws {
        let url = URL(fileURLWithPath: path(of: sha256))
        var bytes = try Data(contentsOf: url)
        bytes[0] ^= 1
        try bytes.write(to: url)
    }

    func unfinished() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: root + "/tmp").count
    }

    private func path(of sha256: SHA256Digest) -> String {
        "\(root)/blobs/\(sha256.hex.prefix(2))/\(sha256.hex)"
    }
}
