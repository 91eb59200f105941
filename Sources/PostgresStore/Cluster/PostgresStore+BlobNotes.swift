public import BlobStorage
public import Cryptography
import Queue
import SQLStore

extension PostgresStore: BlobNotes {
    /// Notes blobs that are about to be placed, after removals that are at work.
    public func note(_ blobs: [SHA256Digest]) throws(BlobStorageError) {
        do throws(StoreError) {
            try writeNow { [owner] db in
                // It must outlast a crash: without it, a removal could take a blob whose row comes.
                try db.lock(.placing)
                for (sha256, count) in Self.counted(blobs) {
                    try db.execute(
                        """
                        INSERT INTO blob_notes (owner, sha256, count, noted_at)
                        VALUES (:owner, :sha256, :count, :now)
                        ON CONFLICT (sha256, owner) DO UPDATE SET
                            count = blob_notes.count + excluded.count, noted_at = excluded.noted_at
                        """,
                        ["owner": owner, "sha256": sha256, "count": count, "now": db.now]
                    )
                }
            }
        } catch {
            throw error.isPassing ? .unreachable("\(error)") : .other("\(error)")
        }
    }

    /// Notes a blob by a note that never lapses.
    public func keep(_ blob: SHA256Digest) throws(BlobStorageError) {
        do {
            try writeNow { db in
                try db.lock(.placing)
                try db.execute(
                    """
                    INSERT INTO blob_notes (owner, sha256, count, noted_at)
                    VALUES ('cluster', :sha256, 1, :forever)
                    ON CONFLICT (sha256, owner) DO NOTHING
                    """,
                    ["sha256": blob.bytes, "forever": Int64.max]
                )
            }
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// Ends notes, in the background.
    public func settle(_ blobs: [SHA256Digest]) {
        guard !blobs.isEmpty else { return }
        Task {
            // What is not ended now lapses.
            try? await write { [owner] db in
                try db.mayBeForgotten()
                for (sha256, count) in Self.counted(blobs) {
                    let one: SQLArguments = ["owner": owner, "sha256": sha256, "count": count]
                    let place = "WHERE sha256 = :sha256 AND owner = :owner"
                    try db.execute("UPDATE blob_notes SET count = count - :count \(place)", one)
                    try db.execute("DELETE FROM blob_notes \(place) AND count <= 0", one)
                }
            }
        }
    }

    /// Each blob once, in the order in which rows are locked.
    private static func counted(_ blobs: [SHA256Digest]) -> [(sha256: [UInt8], count: Int)] {
        Dictionary(grouping: blobs) { $0 }
            .map { ($0.key.bytes, $0.value.count) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }
}
