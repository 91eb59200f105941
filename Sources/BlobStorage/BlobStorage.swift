public import Cryptography

/// Where the bytes of photos and results are, each blob named by the hash of its bytes.
///
/// An implementation is held to the conformance suite in `Tests/BlobConformanceTests`. A storage
/// decides nothing by itself: which blobs may go follows from the rows that refer to them, and from
/// the ``BlobLedger``.
///
/// Equal bytes are one blob. What has been made durable survives a power cut of whatever it is on.
/// All methods may be called by many threads at once, and block on a disk or a network: call them
/// on a thread or a queue of one's own, never straight from a task. So a storage that speaks to a
/// server needs nothing but blocking calls of its own; who wants to wait for many at once has a
/// wider queue.
///
/// An object store implements it with a folder of its own for spools and one request for most of
/// the rest: a spool is a file whose hash is known when it is sealed, placing is a `PUT` (which may
/// only begin then, and be waited for where names are made durable), a reader makes a `GET` with a
/// range for each piece, a removal compares the age of a `HEAD` and deletes. Nothing here needs
/// conditional requests, renames, or sums that are made by the server.
public protocol BlobStorage: Sendable {
    /// Starts a blob.
    ///
    /// - Returns: An empty spool.
    /// - Throws: ``BlobStorageError``.
    func newSpool() throws(BlobStorageError) -> any BlobSpool

    /// Makes blobs durable that spools have placed; for many that is less work at once than one by
    /// one.
    ///
    /// - Parameter blobs: What ``BlobSpool/place()`` has filed.
    /// - Throws: ``BlobStorageError``; then none of them counts as filed.
    func makeDurable(_ blobs: [SHA256Digest]) throws(BlobStorageError)

    /// The size of a blob, without a look at its bytes.
    ///
    /// - Returns: The bytes that are there; `nil` if no blob has this hash.
    /// - Throws: ``BlobStorageError``.
    func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64?

    /// Opens a blob, to be read piece by piece.
    ///
    /// - Returns: A reader.
    /// - Throws: ``BlobStorageError/notFound`` and others.
    func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader

    /// Reads a whole blob and checks its hash; by opening it, where a storage has no shorter way.
    ///
    /// - Returns: All its bytes.
    /// - Throws: ``BlobStorageError/notFound``, ``BlobStorageError/corrupt`` and others.
    func read(_ sha256: SHA256Digest) throws(BlobStorageError) -> [UInt8]

    /// Removes a blob unless it was placed lately, and so may be waiting for the row that will
    /// refer to it.
    ///
    /// A blob that is placed again meanwhile stays, or is placed after the removal. It is called
    /// while others wait for the caller's locks, so it should be quick: what takes longer,
    /// ``reclaim()`` does.
    ///
    /// - Parameters:
    ///   - sha256: The blob, to which no row refers.
    ///   - age: What is younger stays. Zero or less removes whatever there is, also what is from
    ///     the future, as blobs are once the clock was set back.
    /// - Returns: Whether it was removed.
    /// - Throws: ``BlobStorageError``, but not for a blob that is not there.
    @discardableResult
    func remove(
        _ sha256: SHA256Digest,
        ifOlderThan age: Duration
    ) throws(BlobStorageError) -> Bool

    /// Gives the room of removed blobs back, as far as a removal has not.
    ///
    /// Call it after removals, when no lock is held. What is not given back now, the next start
    /// gives back.
    func reclaim()

    /// All blobs, in no order; what is there besides is passed over.
    ///
    /// - Returns: Their hashes.
    /// - Throws: ``BlobStorageError``.
    func list() throws(BlobStorageError) -> [SHA256Digest]

    /// Writes a little and throws it away, for a readiness probe.
    ///
    /// - Throws: ``BlobStorageError`` if nothing can be stored now.
    func checkWrites() throws(BlobStorageError)
}

extension BlobStorage {
    /// Does nothing, as where a removal gives the room back at once.
    public func reclaim() {}

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

    /// Files one spool, durably when this returns.
    ///
    /// - Returns: What to write into the row that refers to the blob.
    /// - Throws: ``BlobStorageError``; the spool is used up.
    public func commit(_ spool: any BlobSpool) throws(BlobStorageError) -> BlobReference {
        let blob = try spool.place()
        try makeDurable([blob.sha256])
        return blob
    }

    /// Stores bytes that are in memory, durably when this returns.
    ///
    /// - Returns: What to write into the row that refers to the blob.
    /// - Throws: ``BlobStorageError``.
    public func put(_ bytes: [UInt8]) throws(BlobStorageError) -> BlobReference {
        let spool = try newSpool()
        try spool.append(bytes)
        return try commit(spool)
    }

    /// Removes a blob whatever its age.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``BlobStorageError``.
    @discardableResult
    public func remove(_ sha256: SHA256Digest) throws(BlobStorageError) -> Bool {
        try remove(sha256, ifOlderThan: .zero)
    }
}
