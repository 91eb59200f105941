public import BlobStorage
public import Cryptography
public import POSIX
import Synchronization

/// Files named by the hash of their bytes: `blobs/ab/<64 digits>`, written in `tmp/` and renamed
/// when they are whole.
///
/// What has been committed survives a power cut. Equal bytes are stored once, so that one blob may
/// be referred to by many rows; who removes blobs must have asked the rows first, and must leave
/// alone what is younger than any upload lasts (``remove(_:ifOlderThan:)``). One process at a time
/// has the folder.
///
/// The methods block on the disk: call them on a thread or a queue of one's own, never straight
/// from a task.
public final class LocalBlobs: BlobStorage {
    let root: String
    let blobs: String
    private let temporary: String
    /// Tells the files of this object from those of a process that died.
    private let run: String
    private let counter = Atomic<UInt64>(0)
    /// Held while a name in `blobs` is made or removed, so that a removal sees the age of the blob
    /// it removes.
    private let names = Mutex<Void>(())
    /// The temporary names of removed blobs that are not unlinked yet.
    private let removed = Mutex<[String]>([])

    /// Opens the store, making its folders (0700) where they are missing.
    ///
    /// - Parameter root: The folder that holds `blobs` and `tmp`; its own parent must exist.
    /// - Throws: ``BlobStorageError``.
    public init(root: String) throws(BlobStorageError) {
        self.root = root
        blobs = root + "/blobs"
        temporary = root + "/tmp"
        let isNew = try disk(Folder.make(root))
        for folder in [blobs, temporary] { _ = try disk(Folder.make(folder)) }
        // All at once and whether they were there or not: whoever made one may have died before it
        // was safe on disk.
        for first in UInt8.min...UInt8.max {
            let digits = "\(first < 16 ? "0" : "")\(String(first, radix: 16))"
            _ = try disk(Folder.make("\(blobs)/\(digits)"))
        }
        for folder in [blobs, root] { try disk(Folder.synchronize(folder)) }
        if isNew { try disk(Folder.synchronize(root + "/..")) }
        do throws(CryptographyError) {
            run = String(try SecureRandom.uint64(), radix: 16)
        } catch {
            throw .randomUnavailable
        }
    }

    // MARK: - Writing

    /// Starts a blob in a temporary file.
    ///
    /// - Returns: An empty spool.
    /// - Throws: ``BlobStorageError``.
    public func newSpool() throws(BlobStorageError) -> any BlobSpool {
        try LocalSpool(store: self, path: newTemporary())
    }

    private func newTemporary() -> String {
        "\(temporary)/\(run)-\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// Gives a finished temporary file its name, which ``makeDurable(_:)`` makes durable.
    func place(_ path: String, under sha256: SHA256Digest) throws(BlobStorageError) {
        try names.withLock { _ throws(BlobStorageError) in
            // A sealed spool may have waited long; the blob's age counts from now.
            try disk(FileSystem.touch(path))
            try disk(FileSystem.rename(path, to: self.path(of: sha256)))
        }
    }

    /// Makes the names of blobs survive a power cut: each folder that holds some of them is
    /// synchronised once.
    ///
    /// - Parameter blobs: What ``BlobSpool/place()`` has filed.
    /// - Throws: ``BlobStorageError``.
    public func makeDurable(_ blobs: [SHA256Digest]) throws(BlobStorageError) {
        for folder in Set(blobs.map { folder(of: $0) }) { try disk(Folder.synchronize(folder)) }
    }

    // MARK: - Reading

    /// Whether there is a blob of this hash.
    public func contains(_ sha256: SHA256Digest) -> Bool {
        FileSystem.isPresent(path(of: sha256))
    }

    /// The size of a blob.
    ///
    /// - Returns: Its bytes on disk; `nil` if there is none of this hash.
    /// - Throws: Faults of the disk.
    public func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64? {
        try disk(FileStatus.ifPresent(at: path(of: sha256)))?.size
    }

    /// Opens a blob, to be read piece by piece.
    ///
    /// - Returns: A reader that stays good even if the blob is removed.
    /// - Throws: ``BlobStorageError/notFound``, faults of the disk.
    public func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader {
        try LocalBlob(opening: path(of: sha256))
    }

    // MARK: - Removing

    /// Removes a blob unless it was committed lately, and so may be waiting for the row that will
    /// refer to it.
    ///
    /// It only renames the file, which takes the same time for every size. ``reclaim()`` unlinks
    /// it.
    ///
    /// - Parameters:
    ///   - sha256: The blob, to which no row refers.
    ///   - age: Longer than any time between a commit and its row, or zero where nobody can be
    ///     about to write one; then a file from the future is removed too, as there are once the
    ///     clock was set back.
    /// - Returns: Whether it was removed.
    /// - Throws: Faults of the disk.
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

    /// Unlinks what was removed.
    ///
    /// What cannot be unlinked now stays in `tmp` for ``sweepTemporary()``.
    public func reclaim() {
        let files = removed.withLock { removed in
            defer { removed = [] }
            return removed
        }
        for file in files { _ = try? FileSystem.unlink(file) }
    }

    /// Removes the temporary files of processes that died; those of this object stay.
    ///
    /// It is for the start.
    ///
    /// - Returns: How many were removed.
    /// - Throws: Faults of the disk.
    @discardableResult
    public func sweepTemporary() throws(BlobStorageError) -> Int {
        var count = 0
        for name in try disk(Folder.names(in: temporary)) where !name.hasPrefix(run + "-") {
            if try disk(FileSystem.unlink("\(temporary)/\(name)")) { count += 1 }
        }
        return count
    }

    /// Removes every blob that nobody refers to, for good.
    ///
    /// It is for a copy whose rows are known to be all there are. A service sets orphans aside
    /// instead (``setOrphansAside(at:isReferenced:)``), since the rows may be what is lost.
    ///
    /// - Parameters:
    ///   - age: What is younger stays; zero only while no upload can be under way.
    ///   - isReferenced: Whether some row refers to a blob.
    /// - Returns: How many were removed.
    /// - Throws: Faults of the disk.
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

    // MARK: - Looking around

    /// All blobs, in no order; files with other names are passed over.
    ///
    /// - Returns: Their hashes.
    /// - Throws: Faults of the disk.
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

    /// How large the disk is, and what it still takes.
    ///
    /// - Returns: Both in bytes.
    /// - Throws: Faults of the disk.
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
