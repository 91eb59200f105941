import Cryptography
import FoundationEssentials
import GRDB
public import JobModel

extension JobStore {
    /// The most bytes of an image that is claimed together with others of its kind.
    ///
    /// A stand-in for "at most 64 by 64 pixels", which only a decoder could tell.
    public static let smallImageBytes = 16 * 1024

    /// The most images in one claim.
    public static let maxClaimedImages = 64

    /// Leases the next image, or up to 64 small ones of its job.
    ///
    /// The tenant for whom the fewest bytes are running comes first (a stand-in for megapixels, which only a decoder could tell),
    /// then the oldest job, then the order of its images. An image that crashed or was interrupted before is claimed alone, so
    /// that its next crash is put down to nobody else.
    ///
    /// - Parameters:
    ///   - owner: Who claims.
    ///   - lease: How long the claim holds without a heartbeat.
    ///   - limit: The most small images to claim together, 1 to 64.
    /// - Returns: The claims, in the order of their numbers; empty if nothing is claimable now.
    /// - Throws: ``JobStoreError``.
    public func claim(
        owner: WorkerOwner,
        lease: Duration = .seconds(60),
        limit: Int = maxClaimedImages
    ) async throws(JobStoreError) -> [ClaimedImage] {
        let time = now()
        return try await write { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: Self.claimSQL),
                arguments: [
                    "owner": owner.description, "until": time + lease.milliseconds, "now": time,
                    "small": Self.smallImageBytes, "limit": min(max(limit, 1), Self.maxClaimedImages),
                ]
            )
            guard let first = rows.first else { return [] }
            let job: Int64 = first["job"]
            var ledger = JobLedger()
            ledger.note(job: job, from: .queued, to: .running, count: rows.count)
            try ledger.settle(db, now: time)
            return try Self.claims(db, rows, job: job, owner: owner)
        }
    }

    /// One statement, so that no two workers can claim the same image.
    static let claimSQL = """
        UPDATE images
        SET state = 'running', attempt = attempt + 1, lease_owner = :owner, lease_until = :until,
            started_at = coalesce(started_at, :now)
        WHERE id IN (
            WITH load AS (
                SELECT tenant, sum(input_size) AS bytes FROM images WHERE state = 'running' GROUP BY tenant
            ),
            head AS (
                SELECT image.id, image.job,
                    image.input_size <= :small AND image.crashes = 0 AND image.interruptions = 0 AS is_small
                FROM jobs
                JOIN images AS image ON image.id = (
                    SELECT id FROM images
                    WHERE job = jobs.seq AND state = 'queued' AND available_at <= :now
                    ORDER BY number LIMIT 1
                )
                LEFT JOIN load ON load.tenant = jobs.tenant
                WHERE jobs.queued_count > 0
                ORDER BY coalesce(load.bytes, 0), jobs.seq LIMIT 1
            )
            SELECT id FROM head
            UNION
            SELECT id FROM (
                SELECT id FROM images
                WHERE job = (SELECT job FROM head WHERE is_small) AND state = 'queued' AND available_at <= :now
                    AND input_size <= :small AND crashes = 0 AND interruptions = 0
                ORDER BY number LIMIT :limit
            )
        )
        RETURNING job, number, attempt, tenant, label, input_sha256, input_size
        """

    private static func claims(_ db: Database, _ rows: [Row], job: Int64, owner: WorkerOwner) throws -> [ClaimedImage] {
        guard
            let jobRow = try Row.fetchOne(
                db,
                sql: "SELECT id, tenant, settings FROM jobs WHERE seq = ?",
                arguments: [job]
            ),
            let id = JobIdentifier(jobRow["id"] as String), let tenant = APIKeyID(jobRow["tenant"] as String)
        else { throw JobStoreError.corrupt("an image has no legal job") }
        let settings = try JSONColumn.decode(ProtectionSettings.self, jobRow["settings"])
        var classes = ClaimedClasses(tenant: tenant.text, mode: settings.mode)
        return try rows.map { row in
            let label: String = row["label"]
            guard let input = try StoredBlob(sha256: row["input_sha256"], size: row["input_size"]),
                let semanticImage = try classes.semanticImage(db, label: label, input: input.sha256)
            else { throw JobStoreError.corrupt("a queued image has no class or no file") }
            return ClaimedImage(
                jobID: id,
                number: row["number"],
                attempt: row["attempt"],
                owner: owner,
                tenant: tenant,
                inputSHA256: input.sha256,
                inputSize: input.size,
                label: try ClassLabel(label),
                settings: settings,
                semanticImage: semanticImage
            )
        }.sorted { $0.number < $1.number }
    }

    /// Lengthens leases.
    ///
    /// - Parameters:
    ///   - claims: The claims to keep.
    ///   - lease: How long they hold from now on.
    /// - Returns: For each claim whether it is still held; one that is not must be dropped.
    /// - Throws: ``JobStoreError``.
    public func heartbeat(
        claims: [ClaimedImage],
        lease: Duration = .seconds(60)
    ) async throws(JobStoreError) -> [Bool] {
        let time = now()
        return try await write { db in
            try claims.map { claim in
                guard let held = try HeldImage.fetch(db, claim) else { return false }
                try db.cachedStatement(sql: "UPDATE images SET lease_until = ? WHERE id = ?")
                    .execute(arguments: [time + lease.milliseconds, held.id])
                return true
            }
        }
    }

    // MARK: - Waiting

    /// The present moment, to be taken before a claim that may come back empty.
    public var workMark: WorkMark {
        signal.mark
    }

    /// Waits until something may be claimable.
    ///
    /// It returns when a job is made or an image goes back into the queue after the mark, when an image's wait between two
    /// attempts is over, when `timeout` has passed, or when the task is cancelled. It may return for nothing.
    ///
    /// - Parameters:
    ///   - mark: ``workMark`` from before the claim that came back empty.
    ///   - timeout: The longest wait; a few seconds, since other processes do not wake this one.
    /// - Throws: ``JobStoreError``.
    public func waitForWork(after mark: WorkMark, atMost timeout: Duration = .seconds(5)) async throws(JobStoreError) {
        let next = try await read { db in
            try Int64.fetchOne(db, sql: "SELECT min(available_at) FROM images WHERE state = 'queued'")
        }
        var limit = timeout
        if let next { limit = min(limit, max(.milliseconds(next - now()), .milliseconds(10))) }
        await signal.wait(after: mark, atMost: limit)
    }
}
