public import Cryptography

/// A storage of photos and results, each blob named by the SHA-256 of its bytes.
///
/// Implementations must pass the conformance suite in `Tests/BlobConformanceTests`. A storage
/// decides nothing by itself: which blobs may be removed follows from the rows that refer to them
/// and from the ``BlobLedger``.
///
/// Equal bytes are one blob. A durable blob survives a power cut. All methods may be called from
/// many threads at once, and block on a disk or a network: call them on a thread or queue of your
/// own, never directly in a task. So a client of a storage server can use plain blocking calls. To
/// wait for many at once, use a wider queue.
///
/// An object store can implement this protocol with a local folder for spools and, for most other
/// operations, one request each. A spool is a file whose hash is known when it is sealed. Placing
/// is a `PUT`; it may only start then, and ``makeDurable(_:)`` may wait for it. A reader sends a
/// `GET` with a range for each piece. A removal compares the age from a `HEAD`, then deletes.
/// Nothing needs conditional requests, renames, or checksums made by the server.
public protocol BlobStorage: Sendable {
    /// Creates an empty spool.
    func newSpool() throws(BlobStorageError) -> any BlobSpool

    /// Ends spools, as ``BlobSpool/seal()`` does; one call for many costs less than one call each.
    ///
    /// - Parameter spools: Spools of this storage.
    /// - Throws: ``BlobStorageError``; then some may be sealed and others discarded.
    func seal(_ spools: [any BlobSpool]) throws(BlobStorageError)

    /// Makes placed blobs durable; one call for many costs less than one call each.
    ///
    /// - Parameter blobs: Blobs that ``BlobSpool/place()`` has stored.
    /// - Throws: ``BlobStorageError``; then none of them counts as stored.
    func makeDurable(_ blobs: [SHA256Digest]) throws(BlobStorageError)

    /// Returns the size of a blob without reading its bytes.
    ///
    /// - Returns: The number of stored bytes; `nil` if no blob has this hash.
    /// - Throws: ``BlobStorageError``.
    func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64?

    /// Opens a blob for reading in pieces.
    ///
    /// - Returns: A reader.
    /// - Throws: ``BlobStorageError/notFound`` and others.
    func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader

    /// Reads a whole blob and checks its hash.
    ///
    /// The default implementation opens it; a storage with a shorter way implements this.
    ///
    /// - Returns: All its bytes.
    /// - Throws: ``BlobStorageError/notFound``, ``BlobStorageError/corrupt`` and others.
    func read(_ sha256: SHA256Digest) throws(BlobStorageError) -> [UInt8]

    /// Removes a blob unless it was placed recently, and may thus be waiting for its row.
    ///
    /// A blob that is placed again at the same time either stays or is placed after the removal.
    /// Callers hold locks, so this should be quick; leave slow work to ``reclaim()``.
    ///
    /// - Parameters:
    ///   - sha256: The blob, to which no row refers.
    ///   - age: A younger blob stays. An age counts from up to five seconds before the blob was
    ///     placed. Zero or less removes any blob, even one dated in the future, as blobs are after
    ///     the clock was set back.
    /// - Returns: Whether it was removed.
    /// - Throws: ``BlobStorageError``, but not if there is no such blob.
    @discardableResult
    func remove(
        _ sha256: SHA256Digest,
        ifOlderThan age: Duration
    ) throws(BlobStorageError) -> Bool

    /// Frees the space of removed blobs, where the removal has not.
    ///
    /// Call it after removals, holding no lock. Space that cannot be freed now is freed at the next
    /// start.
    func reclaim()

    /// Lists all blobs, in no order, skipping anything else in the storage.
    ///
    /// - Returns: Their hashes.
    /// - Throws: ``BlobStorageError``.
    func list() throws(BlobStorageError) -> [SHA256Digest]

    /// Writes a few bytes and discards them, for a readiness probe.
    ///
    /// - Throws: ``BlobStorageError`` if nothing can be stored now.
    func checkWrites() throws(BlobStorageError)
}

extension BlobStorage {
    /// Does nothing, for a storage whose removals free the space at once.
    public func reclaim() {}

    /// Seals one spool after the other, for a storage in which many cost as much as each alone.
    ///
    /// - Throws: ``BlobStorageError``.
    public func seal(_ spools: [any BlobSpool]) throws(BlobStorageError) {
        for spool in spools { try spool.seal() }
    }

    /// Reads a whole blob by opening it, and checks its hash.
    ///
    /// - Returns: All its bytes.
    /// - Throws: ``BlobStorageError/notFound``, ``BlobStorageError/corrupt`` and others.
    public func read(_ sha256: SHA256Digest) throws(BlobStorageError) -> [UInt8] {
        let reader = try open(sha256)
        guard let count = Int(exactly: reader.size) else { throw .corrupt }
        let bytes = try reader.read(at: 0, count: count)
        guard SHA256.hash(bytes) == sha256 else { throw .corrupt }
        return bytes
    }

    /// Places one spool durably.
    ///
    /// - Returns: What to write into the row that refers to the blob.
    /// - Throws: ``BlobStorageError``; the spool cannot be used again.
    public func commit(_ spool: any BlobSpool) throws(BlobStorageError) -> BlobReference {
        let blob = try spool.place()
        try makeDurable([blob.sha256])
        return blob
    }

    /// Stores bytes from memory durably.
    ///
    /// - Returns: What to write into the row that refers to the blob.
    /// - Throws: ``BlobStorageError``.
    public func put(_ bytes: [UInt8]) throws(BlobStorageError) -> BlobReference {
        let spool = try newSpool()
        try spool.append(bytes)
        return try commit(spool)
    }

    /// Removes a blob, whatever its age.
    ///
    /// - Returns: Whether it existed.
    /// - Throws: ``BlobStorageError``.
    @discardableResult
    public func remove(_ sha256: SHA256Digest) throws(BlobStorageError) -> Bool {
        try remove(sha256, ifOlderThan: .zero)
    }
}
