import Cryptography
import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Cancels the unfinished images of a job.
    public func cancelJob(_ id: JobIdentifier, tenant: APIKeyID) async throws(StoreError) -> Job? {
        let (job, endsLeases) = try await write { [self] db -> (Job?, Bool) in
            let time = now()
            let find = "SELECT * FROM jobs WHERE id = ? AND tenant = ?"
            guard let row = try Row.fetchOne(db, sql: find, arguments: [id.text, tenant.text])
            else {
                return (nil, false)
            }
            let seq: Int64 = row["seq"]
            var ledger = JobLedger()
            try takeAll(db, job: seq, .cancelled, now: time, &ledger)
            try ledger.settle(db, now: time)
            let job = try Row.fetchOne(db, sql: find, arguments: [id.text, tenant.text]).map(
                Job.init(row:)
            )
            return (job, ledger.endsLeases)
        }
        if endsLeases { revocation.notify() }
        return job
    }

    /// Erases a job with its images and its idempotency record.
    public func deleteJob(
        _ id: JobIdentifier,
        tenant: APIKeyID
    ) async throws(StoreError) -> [ErasedImage]? {
        let (images, endsLeases) = try await write { db -> ([ErasedImage]?, Bool) in
            let job = try Row.fetchOne(
                db,
                sql: "SELECT seq, running_count FROM jobs WHERE id = ? AND tenant = ?",
                arguments: [id.text, tenant.text]
            )
            guard let job else { return (nil, false) }
            let (seq, running): (Int64, Int) = (job["seq"], job["running_count"])
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT input_sha256, output_sha256 FROM images WHERE job = :job
                    UNION SELECT images.input_sha256, attachments.sha256 FROM attachments
                        JOIN images ON images.id = attachments.image WHERE images.job = :job
                    """,
                arguments: ["job": seq]
            )
            var images = try Dictionary(grouping: rows) { row in
                row["input_sha256"] as Data?
            }.map { input, rows in
                ErasedImage(
                    input: try input.map { try SHA256Digest(column: $0) },
                    outputs: try rows.compactMap { row in
                        try (row["output_sha256"] as Data?).map { try SHA256Digest(column: $0) }
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
            try db.execute(sql: "DELETE FROM jobs WHERE seq = ?", arguments: [seq])
            return (images, running > 0)
        }
        if endsLeases { revocation.notify() }
        return images
    }
}
