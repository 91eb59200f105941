import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// Cancels the unfinished images of a job.
    public func cancelJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job? {
        let (job, endsLeases) = try await write { [self] db -> (Job?, Bool) in
            let time = try db.now
            let find = "SELECT * FROM jobs WHERE id = ? AND tenant = ?"
            guard let row = try db.row(find, [id.text, tenant.text])
            else {
                return (nil, false)
            }
            let seq: Int64 = try row["seq"]
            try db.lock(.jobs([seq]))
            var ledger = JobLedger()
            try takeAll(db, job: seq, .cancelled, now: time, &ledger)
            try ledger.settle(db, now: time)
            let job = try db.row(find, [id.text, tenant.text]).map(
                Job.init(row:)
            )
            return (job, ledger.endsLeases)
        }
        if endsLeases { wakeHolders() }
        return job
    }

    /// Erases a job with its images and its idempotency record.
    public func deleteJob(
        _ id: JobIdentifier,
        tenant: APIKeyID
    ) async throws(StoreError) -> [ErasedImage]? {
        let (images, endsLeases) = try await write { lost, next -> ([ErasedImage]?, Bool) in
            next.0 == nil ? lost : next
        } _: { db in
            try db.lock(.tenant(tenant.text))
            let seq = try db.value(
                Int64.self,
                "SELECT seq FROM jobs WHERE id = ? AND tenant = ?",
                [id.text, tenant.text]
            )
            guard let seq else { return (nil, false) }
            try db.lock(.jobs([seq]))
            let running = try db.value(
                Int.self,
                "SELECT running_count FROM jobs WHERE seq = ?",
                [seq]
            )
            // Another node was quicker.
            guard let running else { return (nil, false) }
            let rows = try db.rows(
                """
                SELECT DISTINCT input_sha256, output_sha256 FROM images WHERE job = :job
                UNION SELECT images.input_sha256, attachments.sha256 FROM attachments
                    JOIN images ON images.id = attachments.image WHERE images.job = :job
                """,
                ["job": seq]
            )
            var images = try Dictionary(grouping: rows) { row in
                try row["input_sha256"] as [UInt8]?
            }.map { input, rows in
                ErasedImage(
                    input: try input.map { try SHA256Digest(column: $0) },
                    outputs: try rows.compactMap { row in
                        try (row["output_sha256"] as [UInt8]?).map { try SHA256Digest(column: $0) }
                    }
                )
            }
            let pictures = try Self.releaseClasses(db, job: seq)
            if !pictures.isEmpty {
                // These are pictures of replaced lists that no other job uses.
                images.append(
                    ErasedImage(
                        input: nil,
                        outputs: try pictures.map { try SHA256Digest(column: $0) }
                    )
                )
            }
            try db.execute("DELETE FROM jobs WHERE seq = ?", [seq])
            db.noteChange(ofJob: seq)
            return (images, running > 0)
        }
        if endsLeases { wakeHolders() }
        return images
    }
}
