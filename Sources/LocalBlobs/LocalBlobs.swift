public import BlobStorage
public import Cryptography
public import POSIX
import Synchronization

/// Files named by the SHA-256 of their bytes: `blobs/ab/<64 digits>`.
///
/// A file is written in `tmp/` and renamed when it is complete. A committed blob survives a power
/// cut. Equal bytes are stored once, so many rows may refer to one blob. Before removing a blob,
/// check the rows, and spare blobs younger than the longest upload (``remove(_:ifOlderThan:)``).
/// Several processes may share the folder if each has a name of its own for `tmp`, and if all note
/// what they place (``BlobNotes``).
///
/// The methods block on the disk: call them on a thread or queue of your own, never directly in a
/// task.
public final class LocalBlobs: BlobStorage {
    let root: String
    let blobs: String
    private let temporary: String
    /// Distinguishes this object's temporary files from those of a process that died.
    private let run: String
    private let counter = Atomic<UInt64>(0)
    /// Whether the disk can be synchronised as a whole.
    let synchronizesDisk: Bool
    /// Held while a name in `blobs` is created or removed, so that a removal sees the age of the
    /// very blob it removes.
    private let names = Mutex<Void>(())
    /// The temporary names of removed blobs that are not unlinked yet.
    private let removed = Mutex<[String]>([])

    /// Opens the store and creates missing folders (mode 0700).
    ///
    /// - Parameters:
    ///   - root: The folder that holds `blobs` and the temporary files; its parent must exist.
    ///   - temporary: The name of the folder of temporary files, which no other process may use.
    /// - Throws: ``BlobStorageError``.
    public init(root: String, temporary: String = "tmp") throws(BlobStorageError) {
        self.root = root
        blobs = root + "/blobs"
        self.temporary = "\(root)/\(temporary)"
        let isNew = try disk(Folder.make(root))
        for folder in [blobs, self.temporary] { _ = try disk(Folder.make(folder)) }
        // Sync even if the folders exist: the process that created one may have died before it was
        // durable.
        for first in UInt8.min...UInt8.max {
            let digits = "\(first < 16 ? "0" : "")\(String(first, radix: 16))"
            _ = try disk(Folder.make("\(blobs)/\(digits)"))
        }
        for folder in [blobs, root] { try disk(Folder.synchronize(folder)) }
        if isNew { try disk(Folder.synchronize(root + "/..")) }
        synchronizesDisk = [blobs, self.temporary].allSatisfy(FileSystem.tellsOfLostWrites(at:))
        do throws(CryptographyError) {
            run = String(try SecureRandom.uint64(), radix: 16)
        } catch {
            throw .randomUnavailable
        }
    }

    // MARK: - Writing

    /// Starts a blob in a temporary file.
    public func newSpool() throws(BlobStorageError) -> any BlobSpool {
        try LocalSpool(store: self, path: newTemporary())
    }

    private func newTemporary() -> String { "\(temporary)/\(run)-\(nextNumber())" }

    /// A number that is larger than all before.
    func nextNumber() -> UInt64 {
        counter.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    }

    /// Renames a complete temporary file to its hash; ``makeDurable(_:)`` makes the name durable.
    ///
    /// - Parameters:
    ///   - path: The temporary file.
    ///   - sha256: The hash of its bytes.
    ///   - isRecent: Whether its last byte was written in the last five seconds. If so, the file
    ///     keeps its date, which the disk would otherwise have to write once more.
    /// - Throws: ``BlobStorageError``.
    func place(
        _ path: String,
        under sha256: SHA256Digest,
        isRecent: Bool
    ) throws(BlobStorageError) {
        try names.withLock { _ throws(BlobStorageError) in
            // A sealed spool may have waited long; the blob's age counts from now.
            if !isRecent { try disk(FileSystem.touch(path)) }
            try disk(FileSystem.rename(path, to: self.path(of: sha256)))
        }
    }

    /// Makes the names of blobs survive a power cut, with one fsync per folder, or of the disk.
    ///
    /// - Parameter blobs: Blobs that ``BlobSpool/place()`` has stored.
    /// - Throws: ``BlobStorageError``.
    public func makeDurable(_ blobs: [SHA256Digest]) throws(BlobStorageError) {
        let folders = Set(blobs.map { folder(of: $0) })
        guard synchronizesDisk, folders.count >= Self.many else {
            for folder in folders { try disk(Folder.synchronize(folder)) }
            return
        }
        try disk(FileDescriptor(opening: self.blobs, .folder).synchronizeDisk())
    }

    // MARK: - Reading

    /// Returns whether a blob with this hash exists.
    public func contains(_ sha256: SHA256Digest) -> Bool {
        FileSystem.isPresent(path(of: sha256))
    }

    /// Returns the size of a blob.
    ///
    /// - Returns: The file's size in bytes; `nil` if no blob has this hash.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64? {
        try disk(FileStatus.ifPresent(at: path(of: sha256)))?.size
    }

    /// Opens a blob for reading in pieces.
    ///
    /// - Returns: A reader that works even after the blob is removed.
    /// - Throws: ``BlobStorageError/notFound``, or another error if the disk fails.
    public func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader {
        try LocalBlob(opening: path(of: sha256))
    }

    // MARK: - Removing

    /// Removes a blob unless it was placed recently, and may thus be waiting for its row.
    ///
    /// It only renames the file, which takes equally long for every size; ``reclaim()`` unlinks it.
    ///
    /// - Parameters:
    ///   - sha256: The blob, to which no row refers.
    ///   - age: Longer than any time between placing a blob and writing its row; zero or less if
    ///     nobody can be about to write one. Zero or less removes even a file dated in the future,
    ///     as files are after the clock was set back.
    /// - Returns: Whether it was removed.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    @discardableResult
    public func remove(
        _ sha256: SHA256Digest,
        ifOlderThan age: Duration
    ) throws(BlobStorageError) -> Bool {
        try names.withLock { _ throws(BlobStorageError) in
            let path = path(of: sha256)
            guard let actual = try disk(FileStatus.ifPresent(at: path))?.age,
                age <= .zero || actual > age
            else { return false }
            let aside = newTemporary()
            try disk(FileSystem.rename(path, to: aside))
            removed.withLock { $0.append(aside) }
            return true
        }
    }

    /// Unlinks the removed blobs.
    ///
    /// Files that cannot be unlinked now stay in `tmp` for ``sweepTemporary()``.
    public func reclaim() {
        let files = removed.withLock { removed in
            defer { removed = [] }
            return removed
        }
        for file in files { _ = try? FileSystem.unlink(file) }
    }

    /// Removes the temporary files of processes that died, sparing those of this object.
    ///
    /// Call it at startup.
    ///
    /// - Returns: How many were removed.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    @discardableResult
    public func sweepTemporary() throws(BlobStorageError) -> Int {
        var count = 0
        for name in try disk(Folder.names(in: temporary)) where !name.hasPrefix(run + "-") {
            if try disk(FileSystem.unlink("\(temporary)/\(name)")) { count += 1 }
        }
        return count
    }

    /// Removes every blob that no row refers to, for good.
    ///
    /// It is for a copy whose rows are known to be complete. A service sets orphans aside instead
    /// (``setOrphansAside(at:isReferenced:)``), because it may be the rows that are lost.
    ///
    /// - Parameters:
    ///   - age: Younger blobs stay; zero only while no upload can be running.
    ///   - isReferenced: Returns whether any row refers to a blob.
    /// - Returns: How many were removed.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    @discardableResult
    public func sweepOrphans(
        ifOlderThan age: Duration,
        isReferenced: (SHA256Digest) -> Bool
    ) throws(BlobStorageError) -> Int {
        var count = 0
        for sha256 in try list() where !isReferenced(sha256) {
            if try remove(sha256, ifOlderThan: age) { count += 1 }
        }
        reclaim()
        return count
    }

    // MARK: - Listing

    /// Lists all blobs, in no order, skipping files with other names.
    ///
    /// - Returns: Their hashes.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func list() throws(BlobStorageError) -> [SHA256Digest] {
        var digests: [SHA256Digest] = []
        for folder in try disk(Folder.names(in: blobs)) where folder.utf8.count == 2 {
            for name in try disk(Folder.names(in: "\(blobs)/\(folder)")) {
                if let digest = SHA256Digest(hex: name),
                    name == digest.hex, name.hasPrefix(folder)
                {
                    digests.append(digest)
                }
            }
        }
        return digests
    }

    /// Returns the size and the free space of the disk.
    ///
    /// - Returns: Both in bytes.
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func diskSpace() throws(BlobStorageError) -> DiskSpace {
        try disk(DiskSpace(at: blobs))
    }

    func folder(of sha256: SHA256Digest) -> String {
        "\(blobs)/\(sha256.hex.prefix(2))"
    }

    func path(of sha256: SHA256Digest) -> String {
        "\(folder(of: sha256))/\(sha256.hex)"
    }
}
