public import Cryptography

/// Notes of blobs whose rows are to come, which all processes that share a storage see.
///
/// A ``BlobLedger`` knows only its own process. With these notes no process removes what another
/// one has placed and not yet written a row for. All methods block on the database.
public protocol BlobNotes: Sendable {
    /// Notes blobs that are about to be placed.
    ///
    /// A removal by any process has either ended, or sees the note.
    ///
    /// - Throws: ``BlobStorageError/unreachable(_:)``; then none is noted.
    func note(_ blobs: [SHA256Digest]) throws(BlobStorageError)

    /// Notes a blob for ever, although no row will refer to it.
    ///
    /// - Throws: ``BlobStorageError/unreachable(_:)``.
    func keep(_ blob: SHA256Digest) throws(BlobStorageError)

    /// Ends notes, each as often as it was made.
    ///
    /// A note that cannot be ended now lapses after a day.
    func settle(_ blobs: [SHA256Digest])
}
