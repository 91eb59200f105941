/// A blob that is being written, invisible to readers until ``place()``.
///
/// It counts and hashes the bytes as they are appended. Only one task at a time appends. If
/// appending, sealing or placing fails, the spool is discarded. A spool that is neither placed nor
/// discarded leaves nothing behind when its last reference goes. If the process dies, the storage
/// removes the remains at its next start.
public protocol BlobSpool: AnyObject, Sendable {
    /// The number of bytes appended so far.
    var size: UInt64 { get }

    /// Appends bytes.
    ///
    /// - Throws: ``BlobStorageError/noSpace``, ``BlobStorageError/spoolClosed`` and others.
    func append(_ bytes: [UInt8]) throws(BlobStorageError)

    /// Ends the blob without placing it, and frees its descriptor or connection.
    ///
    /// The slow part of storing its bytes is then done. Sealing twice does nothing.
    ///
    /// - Returns: The reference that the blob will have.
    /// - Throws: ``BlobStorageError``, with ``BlobStorageError/spoolClosed`` if the spool was
    ///   placed or discarded.
    @discardableResult
    func seal() throws(BlobStorageError) -> BlobReference

    /// Reads the appended bytes, ending the blob as ``seal()`` does.
    ///
    /// - Throws: The errors of ``seal()`` and of reading.
    func contents() throws(BlobStorageError) -> [UInt8]

    /// Stores the blob under its hash, ending it as ``seal()`` does.
    ///
    /// It becomes durable only with ``BlobStorage/makeDurable(_:)``. A blob that exists already is
    /// replaced by the same bytes, which repairs a damaged one. Its age restarts, so that
    /// ``BlobStorage/remove(_:ifOlderThan:)`` spares it until a row refers to it.
    ///
    /// - Returns: What to write into the row that refers to the blob, once it is durable.
    /// - Throws: The errors of ``seal()`` and of storing.
    func place() throws(BlobStorageError) -> BlobReference

    /// Deletes the bytes; does nothing after ``place()``.
    func discard()
}
