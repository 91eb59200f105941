package import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// The most jobs to mark as expired, and the most tombstones to delete, in one transaction.
    private static var expiredAtOnce: Int { 100 }
    /// The number of blobs to check in one transaction, which blocks all other writes.
    private static var removedAtOnce: Int { 128 }

    /// How long a note keeps removals away if its process never ends it: a day.
    package static var noteLifetime: Int64 { 24 * 60 * 60 * 1000 }

    /// Performs one step of expiring jobs.
    public func expireJobs(
        imageLimit: Int = 500,
        sparing kept: Set<JobIdentifier> = []
    ) async throws(StoreError) -> JobExpiry {
        guard !isTimeInDoubt else { return JobExpiry(jobs: 0, images: 0, blobs: []) }
        return try await write { lost, next in
            JobExpiry(
                jobs: max(lost.jobs, next.jobs),
                images: max(lost.images, next.images),
                blobs: Array(Set(lost.blobs + next.blobs))
            )
        } _: { db in
            let time = try db.now
            let old = try db.values(
                Int64.self,
                "SELECT seq FROM jobs WHERE expired_at <= ? ORDER BY expired_at LIMIT ?",
                [time - JobExpiry.tombstoneLifetime.milliseconds, Self.expiredAtOnce]
            )
            let due = try Self.due(db, now: time, sparing: kept)
            let begun = try db.values(
                Int64.self,
                "SELECT job FROM expired_jobs_with_images ORDER BY job LIMIT ?",
                [Self.expiredAtOnce]
            )
            // All at once, since all jobs are locked in one order.
            try db.lock(.jobs(old + due + begun))
            let forgotten =
                old.isEmpty
                ? 0
                : try db.execute(
                    "DELETE FROM jobs WHERE seq IN \(db.dialect.numbers(at: "?"))",
                    [SQLNumbers(old)]
                )
            if forgotten > 0 { try Self.removeUnusedLists(db) }
            let jobs = try Self.markExpired(db, due, now: time)
            var images = 0
            var blobs: Set<[UInt8]> = []
            for job in Set(begun + due).sorted() where images < max(imageLimit, 1) {
                // Another node may have erased it, or removed the rest of its images.
                let hasImages = try db.value(
                    Bool.self,
                    "SELECT EXISTS (SELECT 1 FROM expired_jobs_with_images WHERE job = ?)",
                    [job]
                )
                guard hasImages == true else { continue }
                let wanted = max(imageLimit, 1) - images
                let removed = try Self.removeImages(db, of: job, limit: wanted, &blobs)
                images += removed
                if removed < wanted {
                    blobs.formUnion(try Self.releaseClasses(db, job: job))
                    try db.execute("DELETE FROM expired_jobs_with_images WHERE job = ?", [job])
                }
            }
            let free = try blobs.map { try SHA256Digest(column: $0) }.filter {
                try !Self.isReferenced(db, $0)
            }
            return JobExpiry(jobs: jobs, images: images, blobs: free)
        }
    }

    /// The jobs that are due to expire.
    private static func due(
        _ db: any SQLSession,
        now: Int64,
        sparing kept: Set<JobIdentifier>
    ) throws -> [Int64] {
        let names = Set(kept.map(\.text))
        return try db.rows(
            """
            SELECT seq, id FROM jobs WHERE expires_at <= ? AND expired_at IS NULL
            ORDER BY expires_at LIMIT ?
            """,
            [now, expiredAtOnce + kept.count]
        ).filter { try !names.contains($0["id"]) }.map { try $0["seq"] as Int64 }
    }

    /// Marks due jobs as expired and schedules the removal of their images.
    ///
    /// - Returns: The number of marked jobs.
    private static func markExpired(
        _ db: any SQLSession,
        _ due: [Int64],
        now: Int64
    ) throws -> Int {
        var count = 0
        for job in due {
            // It may have been retried or erased since it was found.
            let isMarked = try db.execute(
                """
                UPDATE jobs SET expired_at = :now
                WHERE seq = :job AND expires_at <= :now AND expired_at IS NULL
                """,
                ["now": now, "job": job]
            )
            guard isMarked > 0 else { continue }
            try db.execute("INSERT INTO expired_jobs_with_images (job) VALUES (?)", [job])
            db.noteChange(ofJob: job)
            count += 1
        }
        return count
    }

    /// Removes a job's first images and collects their blobs.
    ///
    /// - Returns: The number of removed images.
    private static func removeImages(
        _ db: any SQLSession,
        of job: Int64,
        limit: Int,
        _ blobs: inout Set<[UInt8]>
    ) throws -> Int {
        let rows = try db.rows(
            """
            SELECT number, input_sha256, output_sha256 FROM images WHERE job = ? \
            ORDER BY number LIMIT ?
            """,
            [job, limit]
        )
        guard let last: Int64 = try rows.last?["number"] else { return 0 }
        for row in rows {
            for case let hash? in try [row["input_sha256"], row["output_sha256"]] as [[UInt8]?] {
                blobs.insert(hash)
            }
        }
        blobs.formUnion(
            try db.values(
                [UInt8].self,
                """
                SELECT attachments.sha256 FROM images JOIN attachments ON attachments.image = images.id
                WHERE images.job = ? AND images.number <= ?
                """,
                [job, last]
            )
        )
        try db.execute("DELETE FROM images WHERE job = ? AND number <= ?", [job, last])
        return rows.count
    }

    /// Passes the unreferenced blobs to `body` in the transaction that found them.
    public func withUnreferenced(
        among candidates: [SHA256Digest],
        _ body: @escaping @Sendable ([SHA256Digest]) -> Void
    ) async throws(StoreError) {
        for start in stride(from: 0, to: candidates.count, by: Self.removedAtOnce) {
            let piece = candidates[start..<min(start + Self.removedAtOnce, candidates.count)]
            try await write { db in
                try db.lock(.removal)
                let free = try piece.filter {
                    try !Self.isReferenced(db, $0) && !Self.isNoted(db, $0)
                }
                guard db.dialect.hasBlobNotes else { return body(free) }
                // The lock ends with the connection, and a connection with a transaction that is
                // idle for long, as it is while an object store removes many blobs. So each goes
                // only after the database has answered once more.
                for blob in free {
                    _ = try db.value(Int.self, "SELECT 1")
                    body([blob])
                }
            }
        }
    }

    /// Returns every blob that a row refers to.
    public func referencedBlobs() async throws(StoreError) -> Set<SHA256Digest> {
        try await readOnce { db in try Self.referencedBlobs(db) }
    }

    package static func referencedBlobs(_ db: any SQLSession) throws -> Set<SHA256Digest> {
        let hashes = try Set(
            db.values(
                [UInt8].self,
                """
                SELECT input_sha256 FROM images WHERE input_sha256 IS NOT NULL
                UNION SELECT output_sha256 FROM images WHERE output_sha256 IS NOT NULL
                UNION SELECT sha256 FROM attachments
                UNION SELECT sha256 FROM imported_semantic_images
                UNION SELECT sha256 FROM listed_pictures
                """
            )
        )
        return try Set(hashes.map { try SHA256Digest(column: $0) })
    }

    /// Whether some process has noted that it is about to write a row for a blob.
    private static func isNoted(_ db: any SQLSession, _ sha256: SHA256Digest) throws -> Bool {
        guard db.dialect.hasBlobNotes else { return false }
        return try db.value(
            Bool.self,
            "SELECT EXISTS (SELECT 1 FROM blob_notes WHERE sha256 = ? AND noted_at > ?)",
            [sha256.bytes, db.now - noteLifetime]
        ) == true
    }

    static func isReferenced(_ db: any SQLSession, _ sha256: SHA256Digest) throws -> Bool {
        let statement = """
            SELECT EXISTS (SELECT 1 FROM images WHERE input_sha256 = :hash)
                OR EXISTS (SELECT 1 FROM images WHERE output_sha256 = :hash)
                OR EXISTS (SELECT 1 FROM attachments WHERE sha256 = :hash)
                OR EXISTS (SELECT 1 FROM imported_semantic_images WHERE sha256 = :hash)
                OR EXISTS (SELECT 1 FROM listed_pictures WHERE sha256 = :hash)
            """
        return try db.value(Bool.self, statement, ["hash": sha256.bytes]) ?? false
    }
}
