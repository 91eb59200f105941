import BlobStorage
import Cryptography
import POSIX
public import Queue
import SQLStore

/// Moves everything in a data folder to a database and a storage that many nodes share.
///
/// Files go first, then rows, then all rows are compared. What is interrupted is continued by the
/// next run. Nothing in the folder is lost: at the end its database gets another name.
public struct Migration: Sendable {
    /// What was moved.
    public struct Result: Sendable, Equatable {
        /// How many rows each table has.
        public let rows: [String: Int]
        /// How many files were copied, and how many were there already.
        public let copied, present: Int
        /// How many files rows refer to, but the data folder has not, or not whole.
        public let missing: Int
    }

    /// How far a run is.
    public enum Step: Sendable {
        /// So many files of so many are there.
        case files(Int, of: Int)
        /// So many rows of a table are there.
        case rows(Int, table: String)
        /// All rows are being compared.
        case comparing
    }

    /// What a database that is migrated to remembers: from which folder, and that all is there.
    private static let sourceKey = "migrated from"
    private static let endKey = "migration ended"
    /// How many files are copied at once.
    private static let filesAtOnce = 8

    private let source: StoppedService
    private let database: DatabaseLocation
    private let place: BlobLocation
    private let environment: [String: String]

    /// Prepares to move a folder, which it locks.
    ///
    /// - Parameters:
    ///   - path: The data folder of a service that is stopped.
    ///   - database: Where its rows go.
    ///   - blobs: Where its files go.
    ///   - environment: The variables that may hold the keys of an object store.
    /// - Throws: ``StoppedService/Fault``.
    public init(
        of path: String,
        to database: DatabaseLocation,
        blobs: BlobLocation,
        environment: [String: String]
    ) throws(StoppedService.Fault) {
        guard database.isShared, blobs.isShared else {
            throw StoppedService.Fault(
                description: "A migration goes to --database postgres://… and to --blobs "
                    + "file:///… or s3://…; set both."
            )
        }
        source = try StoppedService(dataFolder: path)
        self.database = database
        place = blobs
        self.environment = environment
    }

    /// Returns whether a database is one that a migration has not completed yet.
    public static func isUnfinished(in store: any ClusterCatalog) async throws(StoreError) -> Bool {
        guard try await store.agreed(on: sourceKey) != nil else { return false }
        return try await store.agreed(on: endKey) == nil
    }

    /// Moves everything, and renames the folder's database.
    ///
    /// - Parameter progress: Gets how far it is.
    /// - Returns: What was moved.
    /// - Throws: ``StoppedService/Fault``.
    public func run(
        progress: @escaping @Sendable (Step) -> Void
    ) async throws(StoppedService.Fault) -> Result {
        do {
            let store = try source.folder.openStore(at: database, making: true)
            do {
                return try await run(into: store, progress)
            } catch {
                try? store.close()
                throw error
            }
        } catch let fault as StoppedService.Fault {
            throw fault
        } catch let fault as DataFolder.Fault {
            throw StoppedService.Fault(description: fault.description)
        } catch {
            let sentence = "\(error)"
            throw StoppedService.Fault(
                description: "The migration was not completed: \(sentence)"
                    + (sentence.hasSuffix(".") ? "" : ".")
                    + " What is copied stays; run it again when that is mended."
            )
        }
    }

    private func run(
        into store: any Store,
        _ progress: @escaping @Sendable (Step) -> Void
    ) async throws -> Result {
        let node = try source.folder.provideNode()
        guard let from = source.store as? any SQLStore, let to = store as? any SQLStore else {
            throw StoppedService.Fault(description: "These databases cannot be copied.")
        }
        let blobs = try source.folder.openBlobs(
            at: place,
            node: node,
            environment: environment
        )
        let copy = StoreCopy(from: from, to: to)
        let isCopied = try await claim(store, for: node, copy)
        try await StorageMarker.require(in: blobs, of: store, on: .forSharedBlobs())
        let files = try await copyFiles(to: blobs.storage, progress)
        if !isCopied { try await copy.run { progress(.rows($1, table: $0)) } }
        progress(.comparing)
        let counts = try await copy.compare()
        _ = try await store.agree(on: Self.endKey, "yes")
        try source.close()
        try source.folder.setDatabaseAside()
        try store.close()
        return Result(
            rows: Dictionary(uniqueKeysWithValues: counts.map { ($0.table, $0.rows) }),
            copied: files.copied,
            present: files.present,
            missing: files.missing
        )
    }

    /// Takes the database for this migration.
    ///
    /// - Returns: Whether an earlier run has copied all rows, and only had to give the folder's
    ///   database another name.
    private func claim(
        _ store: any Store,
        for node: String,
        _ copy: StoreCopy
    ) async throws -> Bool {
        let earlier = try await store.agreed(on: Self.sourceKey)
        let hasEnded = try await store.agreed(on: Self.endKey) != nil
        if earlier == node {
            if !hasEnded { return false }
            // Since then nothing has happened in either.
            if (try? await copy.compare()) != nil { return true }
        }
        let hasKeys = try await !store.keys().isEmpty
        guard earlier == nil, !hasKeys else {
            throw StoppedService.Fault(
                description: "The database \(database.text) is in use already; migrate to one "
                    + "that is empty, or to another schema (?schema=NAME)."
            )
        }
        _ = try await store.agree(on: Self.sourceKey, node)
        return false
    }

    // MARK: - Files

    private enum File {
        case copied, present, missing
    }

    private func copyFiles(
        to target: any BlobStorage,
        _ progress: @escaping @Sendable (Step) -> Void
    ) async throws -> (copied: Int, present: Int, missing: Int) {
        let files = try await source.store.referencedBlobs().sorted { $0.hex < $1.hex }
        let executor = BlockingExecutor(label: "palimpsest.migration", width: Self.filesAtOnce)
        return try await withThrowingTaskGroup(of: File.self) { group in
            var counts = (copied: 0, present: 0, missing: 0)
            var next = files.makeIterator()
            for sha256 in (0..<Self.filesAtOnce).compactMap({ _ in next.next() }) {
                group.addTask { try await copy(sha256, to: target, executor) }
            }
            while let file = try await group.next() {
                switch file {
                case .copied: counts.copied += 1
                case .present: counts.present += 1
                case .missing: counts.missing += 1
                }
                progress(.files(counts.copied + counts.present + counts.missing, of: files.count))
                if let sha256 = next.next() {
                    group.addTask { try await copy(sha256, to: target, executor) }
                }
            }
            return counts
        }
    }

    /// Copies a file, unless one of its size is there; what is read must have its hash.
    private func copy(
        _ sha256: SHA256Digest,
        to target: any BlobStorage,
        _ executor: BlockingExecutor
    ) async throws -> File {
        try await executor.run { () throws(BlobStorageError) -> File in
            guard let size = try source.blobs.size(of: sha256) else { return .missing }
            if try target.size(of: sha256) == size { return .present }
            do throws(BlobStorageError) {
                let bytes = try source.blobs.read(sha256)
                _ = try target.put(bytes)
                return .copied
            } catch .corrupt {
                return .missing
            }
        }
    }
}
