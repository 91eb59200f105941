public import Cryptography
import FoundationEssentials
import GRDB
import JobModel

extension JobStore {
    /// How long the row of an expired job stays, so that its name is answered with "gone" instead of "unknown".
    public static let tombstoneLifetime: Duration = .seconds(7 * 24 * 3600)

    /// Expires the jobs whose time has come: their images go, their rows stay for ``tombstoneLifetime``.
    ///
    /// - Parameter limit: The most jobs to expire in this transaction; call again until none was.
    /// - Returns: How many expired, and the blobs that nothing refers to any more; hand them to ``withUnreferenced(among:_:)``.
    /// - Throws: ``JobStoreError``.
    public func expireJobs(limit: Int = 20) async throws(JobStoreError) -> (jobs: Int, blobs: [SHA256Digest]) {
        let time = now()
        return try await write { db in
            try db.execute(
                sql: "DELETE FROM jobs WHERE expired_at <= ?",
                arguments: [time - Self.tombstoneLifetime.milliseconds]
            )
            let jobs = try Int64.fetchAll(
                db,
                sql: "SELECT seq FROM jobs WHERE expires_at <= ? AND expired_at IS NULL ORDER BY expires_at LIMIT ?",
                arguments: [time, max(limit, 1)]
            )
            var blobs: Set<Data> = []
            for job in jobs {
                blobs.formUnion(
                    try Data.fetchAll(
                        db,
                        sql: """
                            SELECT input_sha256 FROM images WHERE job = :job AND input_sha256 IS NOT NULL
                            UNION SELECT output_sha256 FROM images WHERE job = :job AND output_sha256 IS NOT NULL
                            UNION SELECT attachments.sha256 FROM attachments JOIN images ON images.id = attachments.image
                                WHERE images.job = :job
                            """,
                        arguments: ["job": job]
                    )
                )
                try db.execute(sql: "DELETE FROM images WHERE job = ?", arguments: [job])
                try db.execute(sql: "UPDATE jobs SET expired_at = ? WHERE seq = ?", arguments: [time, job])
            }
            let free = try blobs.map { try SHA256Digest(column: $0) }.filter { try !Self.isReferenced(db, $0) }
            return (jobs.count, free)
        }
    }

    /// Does something with those blobs that no row refers to, while no row can come to refer to them.
    ///
    /// It holds the writer meanwhile, so `body` should do no more than unlink files, and must leave young ones alone: the row of an
    /// upload comes after its file.
    ///
    /// - Parameters:
    ///   - candidates: Blobs, such as ``expireJobs(limit:)`` returns.
    ///   - body: Gets the candidates without a row.
    /// - Throws: ``JobStoreError``.
    public func withUnreferenced(
        among candidates: [SHA256Digest],
        _ body: @escaping @Sendable ([SHA256Digest]) -> Void
    ) async throws(JobStoreError) {
        try await write { db in
            body(try candidates.filter { try !Self.isReferenced(db, $0) })
        }
    }

    /// Every blob that some row refers to, for the sweep at the start.
    ///
    /// - Returns: The hashes of all inputs, outputs and imported semantic images.
    /// - Throws: ``JobStoreError``.
    public func referencedBlobs() async throws(JobStoreError) -> Set<SHA256Digest> {
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
                """
        )
        return try Bool.fetchOne(statement, arguments: ["hash": Data(sha256.bytes)]) ?? false
    }
}
