import Cryptography
import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Returns the attachments of a job's images, keyed by the images' numbers.
    public func attachments(
        job: JobIdentifier,
        number: Int? = nil
    ) async throws(StoreError) -> [Int: [StoredAttachment]] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT images.number, attachments.* FROM attachments JOIN images ON images.id = attachments.image
                    WHERE images.job = (SELECT seq FROM jobs WHERE id = :job) AND (:number IS NULL OR images.number = :number)
                    ORDER BY images.number, attachments.kind
                    """,
                arguments: ["job": job.text, "number": number]
            )
            return try Dictionary(grouping: rows) { row in row["number"] as Int }.mapValues {
                rows in
                try rows.map { row in
                    guard let kind = AttachmentKind(rawValue: row["kind"]),
                        let blob = try StoredBlob(sha256: row["sha256"], size: row["size"])
                    else { throw StoreError.corrupt("a row holds no legal attachment") }
                    let crc: Int64 = row["crc32"]
                    return StoredAttachment(
                        kind: kind,
                        blob: blob,
                        crc32: UInt32(truncatingIfNeeded: crc)
                    )
                }
            }
        }
    }

    /// Writes the attachments of an image that was just protected.
    static func insert(_ db: Database, _ attachments: [StoredAttachment], of image: Int64) throws {
        for attachment in attachments {
            try db.cachedStatement(
                sql: """
                    INSERT INTO attachments (image, kind, sha256, size, crc32) \
                    VALUES (?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    image, attachment.kind.rawValue, Data(attachment.blob.sha256.bytes),
                    Int64(clamping: attachment.blob.size), Int64(attachment.crc32),
                ]
            )
        }
    }
}

extension AttachmentRequest {
    /// Reads the request from a job's row.
    init(row: Row) throws {
        var recovery: SealingRecipient?
        if let key = row["recovery_key"] as Data? {
            guard let publicKey = HPKE.PublicKey(bytes: Array(key)),
                let source = (row["recovery_source"] as String?).flatMap({
                    SealingRecipient.Source(text: $0)
                })
            else { throw StoreError.corrupt("a row holds no legal recovery key") }
            recovery = SealingRecipient(publicKey: publicKey, source: source)
        }
        self.init(previews: row["previews"], recovery: recovery)
    }
}
