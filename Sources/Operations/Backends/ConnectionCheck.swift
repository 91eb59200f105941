import BlobStorage
import Cryptography
import LocalBlobs
import POSIX
import PostgresStore
import Queue
import S3Blobs
import SemanticImages

/// Whether a node would reach what it shares with others, without starting one.
public enum ConnectionCheck {
    /// What was found, as one sentence, and whether a node could start with it.
    public struct Finding: Sendable {
        /// One sentence.
        public let text: String
        /// Whether a node could start.
        public let isGood: Bool
    }

    /// Tries the database and the storage; nothing is written, and no schema is made.
    ///
    /// This blocks on the network.
    ///
    /// - Parameters:
    ///   - database: Where the database is.
    ///   - blobs: Where photos and results are.
    ///   - environment: The variables that may hold the keys of an object store.
    /// - Returns: A finding for each.
    public static func findings(
        database: DatabaseLocation,
        blobs: BlobLocation,
        environment: [String: String]
    ) async -> [Finding] {
        let (first, marker) = await find(database)
        return [first, find(blobs, marker, environment)]
    }

    private static func find(
        _ location: DatabaseLocation
    ) async -> (Finding, marker: SHA256Digest?) {
        guard case .postgres(let database) = location else {
            return (Finding(text: "The database is in the data folder.", isGood: true), nil)
        }
        let name = "The database \(database.location)"
        do throws(StoreError) {
            let store = try PostgresStore(
                attachingTo: database.location,
                generatorVersion: SemanticImageGenerator.version
            )
            let nodes = try await store.nodes(seenWithin: .seconds(30))
            let marker = try await store.agreed(on: StorageMarker.name)
            try store.close()
            let finding = Finding(
                text: "\(name) answers; nodes that were heard of lately: \(nodes.count).",
                isGood: true
            )
            return (finding, marker.flatMap { SHA256Digest(hex: $0) })
        } catch .emptyDatabase {
            let text = "\(name) answers; the first node makes the tables."
            return (Finding(text: text, isGood: true), nil)
        } catch {
            return (Finding(text: database.complaint(error), isGood: false), nil)
        }
    }

    private static func find(
        _ location: BlobLocation,
        _ marker: SHA256Digest?,
        _ environment: [String: String]
    ) -> Finding {
        let name = "The storage \(location.text)"
        do throws(BlobStorageError) {
            if location == .folder {
                return Finding(text: "Photos are in the data folder.", isGood: true)
            }
            guard let storage = try storage(at: location, environment) else {
                let rest = marker == nil ? "" : ", so it is not that of the other nodes"
                return Finding(text: "\(name) is empty\(rest).", isGood: marker == nil)
            }
            try (storage as? S3Blobs)?.checkBucket()
            if let marker, try storage.size(of: marker) == nil {
                let text = "\(name) answers, but is not that of the other nodes of this database."
                return Finding(text: text, isGood: false)
            }
            if marker == nil, try StorageMarker.isAnothers(storage) {
                return Finding(text: "\(name) is that of another database.", isGood: false)
            }
            return Finding(text: "\(name) answers.", isGood: true)
        } catch {
            return Finding(text: "\(name) cannot be used: \(error).", isGood: false)
        }
    }

    /// The storage, as far as it can be asked without writing; `nil` if it is still to be made.
    private static func storage(
        at location: BlobLocation,
        _ environment: [String: String]
    ) throws(BlobStorageError) -> (any BlobStorage)? {
        switch location {
        case .folder: return nil
        case .sharedFolder(let path):
            if let fault = DataFolder.fault(ofSharedFolder: path) { throw .unreachable(fault) }
            return FileSystem.isPresent("\(path)/blobs") ? try LocalBlobs(root: path) : nil
        case .objects(let store):
            let source: S3CredentialsSource
            do throws(S3CredentialsError) {
                source = try S3CredentialsSource(environment: environment)
            } catch {
                throw .unavailable(error.description)
            }
            return try S3Blobs(location: store.location, credentials: source, scratch: "/")
        }
    }
}
