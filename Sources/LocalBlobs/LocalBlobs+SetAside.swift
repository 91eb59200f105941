public import BlobStorage
public import Cryptography
import POSIX

/// Blobs that no row refers to are kept in `set-aside/` for a while, since the rows may be what is
/// lost: a database that was restored from an older backup knows nothing of the photos that came
/// after it.
extension LocalBlobs {
    /// What was moved, and how much it is.
    public struct Moved: Sendable, Equatable {
        /// How many files.
        public internal(set) var files = 0
        /// How many bytes they have.
        public internal(set) var bytes: UInt64 = 0
    }

    /// The folder of the blobs that were set aside; it is there only once there was one.
    public var setAsideFolder: String { "\(root)/set-aside" }

    /// Sets every blob aside that nobody refers to.
    ///
    /// It is for the start, while there are neither uploads nor workers. Nothing is unlinked.
    ///
    /// - Parameters:
    ///   - time: From when on the files count as set aside, in milliseconds since 1970.
    ///   - isReferenced: Whether some row refers to a blob.
    /// - Returns: What was set aside.
    /// - Throws: Faults of the disk.
    public func setOrphansAside(
        at time: Int64,
        isReferenced: (SHA256Digest) -> Bool
    ) throws(BlobStorageError) -> Moved {
        let orphans = try list().filter { !isReferenced($0) }
        guard !orphans.isEmpty else { return Moved() }
        if try disk(Folder.make(setAsideFolder)) { try disk(Folder.synchronize(root)) }
        var moved = Moved()
        for sha256 in orphans {
            moved.bytes += try size(of: sha256) ?? 0
            // Dated first: a file with its old date would be erased at once if this process died in
            // between.
            try disk(FileSystem.setModificationTime(time, of: path(of: sha256)))
            try disk(FileSystem.rename(path(of: sha256), to: setAsidePath(of: sha256)))
            moved.files += 1
        }
        // The new names before the old ones are gone for good, so that a power cut loses neither.
        try disk(Folder.synchronize(setAsideFolder))
        try makeDurable(orphans)
        return moved
    }

    /// Puts blobs back that were set aside and are referred to.
    ///
    /// It is for the start: rows come back when the right database is restored.
    ///
    /// - Parameter isReferenced: Whether some row refers to a blob.
    /// - Returns: What was put back; blobs that are there anyway do not count.
    /// - Throws: Faults of the disk.
    public func putBack(
        where isReferenced: (SHA256Digest) -> Bool
    ) throws(BlobStorageError) -> Moved {
        var moved = Moved()
        var wanted: [SHA256Digest] = []
        for sha256 in try listSetAside() where isReferenced(sha256) {
            guard try size(of: sha256) == nil else {
                // The same bytes were sent again.
                _ = try disk(FileSystem.unlink(setAsidePath(of: sha256)))
                continue
            }
            try disk(FileSystem.rename(setAsidePath(of: sha256), to: path(of: sha256)))
            moved.files += 1
            moved.bytes += try size(of: sha256) ?? 0
            wanted.append(sha256)
        }
        guard !wanted.isEmpty else { return moved }
        try makeDurable(wanted)
        try disk(Folder.synchronize(setAsideFolder))
        return moved
    }

    /// Erases what was set aside long enough ago.
    ///
    /// - Parameter time: What was set aside until then goes, in milliseconds since 1970.
    /// - Returns: What was erased.
    /// - Throws: Faults of the disk.
    public func eraseSetAside(until time: Int64) throws(BlobStorageError) -> Moved {
        var erased = Moved()
        for sha256 in try listSetAside() {
            let path = setAsidePath(of: sha256)
            guard let file = try disk(FileStatus.ifPresent(at: path)),
                file.modificationTime <= time, try disk(FileSystem.unlink(path))
            else { continue }
            erased.files += 1
            erased.bytes += file.size
        }
        return erased
    }

    /// Counts what is set aside as set aside earlier or later, as when the clock by which that is
    /// counted was set.
    ///
    /// - Parameter step: Milliseconds.
    /// - Throws: Faults of the disk.
    public func moveSetAside(by step: Int64) throws(BlobStorageError) {
        for sha256 in try listSetAside() {
            let path = setAsidePath(of: sha256)
            guard let file = try disk(FileStatus.ifPresent(at: path)) else { continue }
            try disk(FileSystem.setModificationTime(file.modificationTime + step, of: path))
        }
    }

    /// All blobs that are set aside, in no order.
    ///
    /// - Returns: Their hashes.
    /// - Throws: Faults of the disk.
    public func listSetAside() throws(BlobStorageError) -> [SHA256Digest] {
        let names: [String]
        do throws(BlobStorageError) {
            names = try disk(Folder.names(in: setAsideFolder))
        } catch .notFound {
            return []
        }
        return names.compactMap { name in
            SHA256Digest(hex: name).flatMap { $0.hex == name ? $0 : nil }
        }
    }

    private func setAsidePath(of sha256: SHA256Digest) -> String {
        "\(setAsideFolder)/\(sha256.hex)"
    }
}
