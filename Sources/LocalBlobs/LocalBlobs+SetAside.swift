public import BlobStorage
public import Cryptography
import POSIX

/// Keeps blobs that no row refers to in `set-aside/` for a while, because it may be the rows that
/// are lost.
///
/// For example, a database restored from an older backup does not know the photos that came after
/// it.
extension LocalBlobs {
    /// The number and total size of moved or erased files.
    public struct FileTotals: Sendable, Equatable {
        /// The number of files.
        public internal(set) var files = 0
        /// Their total size in bytes.
        public internal(set) var bytes: UInt64 = 0
    }

    /// The folder of the blobs that were set aside; it may not exist.
    public var setAsideFolder: String { "\(root)/set-aside" }

    /// Sets aside every blob that no row refers to.
    ///
    /// Call it at startup, before there are uploads or workers. It unlinks nothing.
    ///
    /// - Parameters:
    ///   - time: The time to date the files with, in milliseconds since 1970; they count as set
    ///     aside from then on.
    ///   - isReferenced: Returns whether any row refers to a blob.
    /// - Returns: What was set aside.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func setOrphansAside(
        at time: Int64,
        isReferenced: (SHA256Digest) -> Bool
    ) throws(BlobStorageError) -> FileTotals {
        let orphans = try list().filter { !isReferenced($0) }
        guard !orphans.isEmpty else { return FileTotals() }
        if try disk(Folder.make(setAsideFolder)) { try disk(Folder.synchronize(root)) }
        var totals = FileTotals()
        for sha256 in orphans {
            totals.bytes += try size(of: sha256) ?? 0
            // Date it first: if this process died in between, a file with its old date would be
            // erased too early.
            try disk(FileSystem.setModificationTime(time, of: path(of: sha256)))
            try disk(FileSystem.rename(path(of: sha256), to: setAsidePath(of: sha256)))
            totals.files += 1
        }
        // Sync the new names before the old ones are gone for good, so that a power cut loses
        // neither.
        try disk(Folder.synchronize(setAsideFolder))
        try makeDurable(orphans)
        return totals
    }

    /// Puts back blobs that were set aside and that a row refers to.
    ///
    /// Call it at startup: the rows return when the right database is restored.
    ///
    /// - Parameter isReferenced: Returns whether any row refers to a blob.
    /// - Returns: What was put back, without blobs that exist anyway.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func putBack(
        where isReferenced: (SHA256Digest) -> Bool
    ) throws(BlobStorageError) -> FileTotals {
        var totals = FileTotals()
        var wanted: [SHA256Digest] = []
        for sha256 in try listSetAside() where isReferenced(sha256) {
            guard try size(of: sha256) == nil else {
                // The same bytes were uploaded again.
                _ = try disk(FileSystem.unlink(setAsidePath(of: sha256)))
                continue
            }
            try disk(FileSystem.rename(setAsidePath(of: sha256), to: path(of: sha256)))
            totals.files += 1
            totals.bytes += try size(of: sha256) ?? 0
            wanted.append(sha256)
        }
        guard !wanted.isEmpty else { return totals }
        try makeDurable(wanted)
        try disk(Folder.synchronize(setAsideFolder))
        return totals
    }

    /// Erases the blobs that were set aside long enough ago.
    ///
    /// - Parameter time: Erase what was set aside at or before this time, in milliseconds since
    ///   1970.
    /// - Returns: What was erased.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func eraseSetAside(until time: Int64) throws(BlobStorageError) -> FileTotals {
        var erased = FileTotals()
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

    /// Shifts the times at which blobs were set aside, after the clock they are counted by was set.
    ///
    /// - Parameter step: The shift in milliseconds, positive for later.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func shiftSetAsideTimes(by step: Int64) throws(BlobStorageError) {
        for sha256 in try listSetAside() {
            let path = setAsidePath(of: sha256)
            guard let file = try disk(FileStatus.ifPresent(at: path)) else { continue }
            try disk(FileSystem.setModificationTime(file.modificationTime + step, of: path))
        }
    }

    /// Lists all blobs that are set aside, in no order.
    ///
    /// - Returns: Their hashes; none if the folder does not exist.
    /// - Throws: ``BlobStorageError`` if the disk fails.
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
