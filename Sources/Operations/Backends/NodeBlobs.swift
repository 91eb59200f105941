public import BlobStorage
package import LocalBlobs
import POSIX
import S3Blobs

/// The photos and results as one node has them.
public struct NodeBlobs: Sendable {
    /// Where they are.
    public let storage: any BlobStorage
    /// The disk that takes uploads first.
    public let space: any DiskSpaceReporting
    /// The folder, if it is the data folder, which nobody else writes.
    let own: LocalBlobs?
    /// Removes what this node's last run had begun to write; returns how many files that were.
    let sweepUnfinished: @Sendable () throws(BlobStorageError) -> Int
}

extension NodeBlobs {
    /// Those in the data folder.
    package init(own blobs: LocalBlobs) {
        self.init(
            storage: blobs,
            space: blobs,
            own: blobs,
            sweepUnfinished: { () throws(BlobStorageError) in try blobs.sweepTemporary() }
        )
    }
}

extension DataFolder {
    /// Opens the storage of photos and results.
    ///
    /// - Parameters:
    ///   - location: Where it is.
    ///   - node: This node's name, for files that it has begun to write.
    ///   - environment: The variables that may hold the keys of an object store.
    ///   - observer: Receives each request to an object store, for metrics.
    /// - Returns: The storage, and what only this node has of it.
    /// - Throws: `BlobStorageError`.
    public func openBlobs(
        at location: BlobLocation,
        node: String,
        environment: [String: String],
        observer: @escaping StorageExchange.Observer = { _ in }
    ) throws(BlobStorageError) -> NodeBlobs {
        switch location {
        case .folder: return NodeBlobs(own: try openBlobs())
        case .sharedFolder(let path):
            if let fault = Self.fault(ofSharedFolder: path) { throw .unreachable(fault) }
            guard !isAbove(path) else {
                throw .unreachable(
                    "the folder lies in the data folder; name another one by --blobs"
                )
            }
            let blobs = try LocalBlobs(root: path, temporary: "tmp-\(node)")
            return NodeBlobs(
                storage: blobs,
                space: blobs,
                own: nil,
                sweepUnfinished: { () throws(BlobStorageError) in try blobs.sweepTemporary() }
            )
        case .objects(let store):
            let scratch = "\(path)/uploads"
            do throws(SystemError) {
                _ = try Folder.make(scratch)
            } catch {
                throw .unavailable("the folder \(scratch) cannot be made: \(error.words)")
            }
            let source: S3CredentialsSource
            do throws(S3CredentialsError) {
                source = try S3CredentialsSource(environment: environment)
            } catch {
                throw .unavailable(error.description)
            }
            let blobs = try S3Blobs(
                location: store.location,
                credentials: source,
                scratch: scratch,
                observer: observer
            )
            return NodeBlobs(
                storage: blobs,
                space: ScratchSpace(folder: scratch),
                own: nil,
                sweepUnfinished: { () throws(BlobStorageError) in
                    try blobs.sweepTemporary()
                    return 0
                }
            )
        }
    }
}

extension DataFolder {
    /// Whether a path leads to the data folder or to something in it.
    private func isAbove(_ other: String) -> Bool {
        guard let own = try? FileStatus(of: path).identity else { return false }
        var rest = other[...]
        while !rest.isEmpty {
            if (try? FileStatus(of: String(rest)))?.identity == own { return true }
            rest = rest[..<(rest.lastIndex(of: "/") ?? rest.startIndex)]
        }
        return false
    }

    /// Why a shared folder cannot be used; `nil` if it can.
    static func fault(ofSharedFolder path: String) -> String? {
        // One that is made here could be that of a share which is not mounted.
        guard FileSystem.isPresent(path) else {
            return "the folder does not exist; make it, or mount it"
        }
        guard let status = try? FileStatus(of: path), status.kind == .folder else {
            return "it is not a folder"
        }
        guard FileSystem.allows(.write, to: path) else {
            return "this user may not write there"
        }
        return nil
    }
}

/// The disk of a folder that takes uploads before they go elsewhere.
private struct ScratchSpace: DiskSpaceReporting {
    let folder: String

    func diskSpace() throws(BlobStorageError) -> DiskSpace {
        do throws(SystemError) {
            return try DiskSpace(at: folder)
        } catch {
            throw .unavailable("the disk of \(folder) does not answer: \(error.words)")
        }
    }
}
