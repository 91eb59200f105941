import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// Returns the attachments of a job's images, keyed by the images' numbers.
    public func attachments(
        job: JobIdentifier,
        number: Int? = nil
    ) async throws(StoreError) -> [Int: [StoredAttachment]] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT images.number, attachments.* FROM attachments JOIN images ON images.id = attachments.image
                WHERE images.job = (SELECT seq FROM jobs WHERE id = :job)
                    AND images.number = coalesce(:number, images.number)
                ORDER BY images.number, attachments.kind
                """,
                ["job": job.text, "number": number]
            )
            return try Dictionary(grouping: rows) { row in try row["number"] as Int }.mapValues {
                rows in
                try rows.map { row in
                    guard let kind = try AttachmentKind(rawValue: row["kind"]),
                        let blob = try StoredBlob(sha256: row["sha256"], size: row["size"])
                    else { throw damaged("attachment") }
                    return StoredAttachment(
                        kind: kind,
                        blob: blob,
                        crc32: try row["crc32"]
                    )
                }
            }
        }
    }

    /// Writes the attachments of images that were just protected.
    static func insert(
        _ db: any SQLSession,
        _ attachments: [(image: Int64, attachment: StoredAttachment)]
    ) throws {
        try db.executeLater(
            "INSERT INTO attachments (image, kind, sha256, size, crc32) VALUES (?, ?, ?, ?, ?)",
            attachments.map { image, attachment in
                [
                    image, attachment.kind.rawValue, attachment.blob.sha256.bytes,
                    Int64(clamping: attachment.blob.size), Int64(attachment.crc32),
                ]
            }
        )
    }
}

extension AttachmentRequest {
    /// Reads the request from a job's row.
    init(row: SQLRow) throws {
        var recovery: SealingRecipient?
        if let key = try row["recovery_key"] as [UInt8]? {
            guard let publicKey = HPKE.PublicKey(bytes: key),
                let source = try (row["recovery_source"] as String?).flatMap({
                    SealingRecipient.Source(text: $0)
                })
            else { throw damaged("recovery key") }
            recovery = SealingRecipient(publicKey: publicKey, source: source)
        }
        try self.init(previews: row["previews"], recovery: recovery)
    }
}
