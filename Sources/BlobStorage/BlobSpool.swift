/// A blob that is being written: bytes are appended, hashed and counted, and nobody sees them
/// before ``place()``.
///
/// One task at a time appends. A spool whose append, seal or place has failed is discarded. One
/// that is neither placed nor discarded leaves nothing behind once its last reference goes; what a
/// process leaves that dies, the storage removes at its next start.
public protocol BlobSpool: AnyObject, Sendable {
    /// The number of bytes appended so far.
    var size: UInt64 { get }

    /// Appends bytes.
    ///
    /// - Throws: ``BlobStorageError/noSpace``, ``BlobStorageError/spoolClosed`` and others.
    func append(_ bytes: [UInt8]) throws(BlobStorageError)

    /// Ends the blob without filing it, so that it holds no descriptor or connection however many
    /// wait: what is slow about its bytes is behind it. Sealing twice does nothing.
    ///
    /// - Returns: What the blob will be called.
    /// - Throws: ``BlobStorageError``, with ``BlobStorageError/spoolClosed`` for one that is placed
    ///   or discarded.
    @discardableResult
    func seal() throws(BlobStorageError) -> BlobReference

    /// Reads what was appended; it ends the blob as ``seal()`` does.
    ///
    /// - Throws: As ``seal()``.
    func contents() throws(BlobStorageError) -> [UInt8]

    /// Files the blob under its hash, durably only after ``BlobStorage/makeDurable(_:)``; it ends
    /// the blob as ``seal()`` does.
    ///
    /// A blob that is there already is replaced by the same bytes, which heals it, and its age
    /// starts anew, which keeps ``BlobStorage/remove(_:ifOlderThan:)`` off it until a row refers to
    /// it.
    ///
    /// - Returns: What to write into the row that refers to the blob, once it is durable.
    /// - Throws: As ``seal()``.
    func place() throws(BlobStorageError) -> BlobReference

    /// Throws the bytes away; it does nothing after ``place()``.
    func discard()
}
