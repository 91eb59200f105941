public import Cryptography
import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// The most jobs to mark as expired, and the most tombstones to delete, in one transaction.
    private static let expiredAtOnce = 100
    /// The number of blobs to check in one transaction, which blocks all other writes.
    private static let removedAtOnce = 256

    /// Performs one step of expiring jobs.
    public func expireJobs(
        imageLimit: Int = 500,
        sparing kept: Set<JobIdentifier> = []
    ) async throws(StoreError) -> JobExpiry {
        guard !isTimeInDoubt else { return JobExpiry(jobs: 0, images: 0, blobs: []) }
        return try await write { [now] db in
            let time = now()
            try db.execute(
                sql: """
                    DELETE FROM jobs \
                    WHERE seq IN (SELECT seq FROM jobs WHERE expired_at <= ? LIMIT ?)
                    """,
                arguments: [time - JobExpiry.tombstoneLifetime.milliseconds, Self.expiredAtOnce]
            )
            if db.changesCount > 0 { try Self.removeUnusedLists(db) }
            let jobs = try Self.markExpired(db, now: time, sparing: kept)
            var images = 0
            var blobs: Set<Data> = []
            while images < max(imageLimit, 1),
                let job = try Int64.fetchOne(
                    db,
                    sql: "SELECT job FROM expired_jobs_with_images ORDER BY job LIMIT 1"
                )
            {
                let wanted = max(imageLimit, 1) - images
                let removed = try Self.removeImages(db, of: job, limit: wanted, &blobs)
                images += removed
                if removed < wanted {
                    blobs.formUnion(try Self.releaseClasses(db, job: job))
                    try db.execute(
                        sql: "DELETE FROM expired_jobs_with_images WHERE job = ?",
                        arguments: [job]
                    )
                }
            }
            let free = try blobs.map { try SHA256Digest(column: $0) }.filter {
                try !Self.isReferenced(db, $0)
            }
            return JobExpiry(jobs: jobs, images: images, blobs: free)
        }
    }

    /// Marks due jobs as expired and schedules the removal of their images.
    ///
    /// - Returns: The number of marked jobs.
    private static func markExpired(
        _ db: Database,
        now: Int64,
        sparing kept: Set<JobIdentifier>
    ) throws -> Int {
        let jobs = try Row.fetchAll(
            db,
            sql: """
                SELECT seq, id FROM jobs WHERE expires_at <= ? AND expired_at IS NULL \
                ORDER BY expires_at LIMIT ?
                """,
            arguments: [now, expiredAtOnce + kept.count]
        )
        let names = Set(kept.map(\.text))
        var count = 0
        for row in jobs where !names.contains(row["id"]) {
            let job: Int64 = row["seq"]
            try db.execute(
                sql: "UPDATE jobs SET expired_at = ? WHERE seq = ?",
                arguments: [now, job]
            )
            try db.execute(
                sql: "INSERT INTO expired_jobs_with_images (job) VALUES (?)",
                arguments: [job]
            )
            count += 1
        }
        return count
    }

    /// Removes a job's first images and collects their blobs.
    ///
    /// - Returns: The number of removed images.
    private static func removeImages(
        _ db: Database,
        of job: Int64,
        limit: Int,
        _ blobs: inout Set<Data>
    ) throws -> Int {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT number, input_sha256, output_sha256 FROM images WHERE job = ? \
                ORDER BY number LIMIT ?
                """,
            arguments: [job, limit]
        )
        guard let last: Int64 = rows.last?["number"] else { return 0 }
        for row in rows {
            for case let hash? in [row["input_sha256"], row["output_sha256"]] as [Data?] {
                blobs.insert(hash)
            }
        }
        blobs.formUnion(
            try Data.fetchAll(
                db,
                sql: """
                    SELECT attachments.sha256 FROM images JOIN attachments ON attachments.image = images.id
                    WHERE images.job = ? AND images.number <= ?
                    """,
                arguments: [job, last]
            )
        )
        try db.execute(
            sql: "DELETE FROM images WHERE job = ? AND number <= ?",
            arguments: [job, last]
        )
        return rows.count
    }

    /// Passes the unreferenced blobs to `body` while it holds the only writing connection.
    public func withUnreferenced(
        among candidates: [SHA256Digest],
        _ body: @escaping @Sendable ([SHA256Digest]) -> Void
    ) async throws(StoreError) {
        for start in stride(from: 0, to: candidates.count, by: Self.removedAtOnce) {
            let piece = candidates[start..<min(start + Self.removedAtOnce, candidates.count)]
            try await write { db in
                body(try piece.filter { try !Self.isReferenced(db, $0) })
            }
        }
    }

    /// Returns every blob that a row refers to.
    public func referencedBlobs() async throws(StoreError) -> Set<SHA256Digest> {
        try await read { db in try Self.referencedBlobs(db) }
    }

    static func referencedBlobs(_ db: Database) throws -> Set<SHA256Digest> {
        let hashes = try Data.fetchSet(
            db,
            sql: """
                SELECT input_sha256 FROM images WHERE input_sha256 IS NOT NULL
                UNION SELECT output_sha256 FROM images WHERE output_sha256 IS NOT NULL
                UNION SELECT sha256 FROM attachments
                UNION SELECT sha256 FROM imported_semantic_images
                UNION SELECT sha256 FROM listed_pictures
                """
        )
        return try Set(hashes.map { try SHA256Digest(column: $0) })
    }

    static func isReferenced(_ db: Database, _ sha256: SHA256Digest) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                SELECT EXISTS (SELECT 1 FROM images WHERE input_sha256 = :hash)
                    OR EXISTS (SELECT 1 FROM images WHERE output_sha256 = :hash)
                    OR EXISTS (SELECT 1 FROM attachments WHERE sha256 = :hash)
                    OR EXISTS (SELECT 1 FROM imported_semantic_images WHERE sha256 = :hash)
                    OR EXISTS (SELECT 1 FROM listed_pictures WHERE sha256 = :hash)
                """
        )
        return try Bool.fetchOne(statement, arguments: ["hash": Data(sha256.bytes)]) ?? false
    }
}
