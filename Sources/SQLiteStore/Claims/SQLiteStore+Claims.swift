import Cryptography
import FoundationEssentials
import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Leases work for some codecs.
    public func claim(
        owner: WorkerOwner,
        lease: Duration = .seconds(60),
        slots: Int,
        limit: Int = ClaimedImage.maxTogether
    ) async throws(StoreError) -> [[ClaimedImage]] {
        let most = min(max(limit, 1), ClaimedImage.maxTogether)
        // Two workers cannot claim the same image: a writing transaction has the database to itself
        // from its start.
        return try await write { [self] db in
            let time = now()
            var ledger = JobLedger()
            var claims: [[ClaimedImage]] = []
            while claims.count < max(slots, 1), let head = try Self.takeTurn(db, now: time) {
                let rows = try Self.batch(db, from: head, limit: most, now: time)
                let tokens = rows.map { _ in ClaimToken.random() }
                for (row, token) in zip(rows, tokens) {
                    let faults = ImageFaults(row: row)
                    guard let transition = rule.transition(of: .queued, after: faults, on: .claimed)
                    else {
                        throw StoreError.corrupt("an image that is queued cannot be claimed")
                    }
                    let lease = ImageWrite.Lease(
                        owner: owner,
                        token: token,
                        until: time + lease.milliseconds
                    )
                    try ImageWrite(transition: transition, now: time, lease: lease)
                        .execute(db, image: row["id"])
                    ledger.note(job: row["job"], transition)
                }
                try Self.charge(db, head, pixels: rows.reduce(0) { $0 + ($1["pixels"] as Int64) })
                claims.append(try Self.claims(db, rows, tokens, job: head.job, owner: owner))
            }
            try ledger.settle(db, now: time)
            return claims
        }
    }

    /// Returns an image and the small ones of its job that can be claimed with it, in the order of
    /// their numbers.
    private static func batch(
        _ db: Database,
        from head: QueueHead,
        limit: Int,
        now: Int64
    ) throws -> [Row] {
        let columns = """
            id, job, number, attempt, tenant, label, input_sha256, input_size, pixels, errors, crashes, interruptions
            """
        let first = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(columns) FROM images WHERE id = ?"),
            arguments: [head.image]
        )
        guard let first else { throw StoreError.corrupt("an image is gone that was there") }
        let (bytes, pixels): (Int, Int) = (first["input_size"], first["pixels"])
        let isSmall = bytes <= ClaimedImage.maxSmallBytes && pixels <= ClaimedImage.maxSmallPixels
        guard isSmall, !ImageFaults(row: first).isSuspect else { return [first] }
        return try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT \(columns) FROM images
                    WHERE job = ? AND state = 'queued' AND available_at <= ? AND input_size <= ? AND pixels <= ?
                        AND crashes = 0 AND interruptions = 0
                    ORDER BY number LIMIT ?
                    """
            ),
            arguments: [
                head.job, now, ClaimedImage.maxSmallBytes, ClaimedImage.maxSmallPixels, limit,
            ]
        )
    }

    private static func claims(
        _ db: Database,
        _ rows: [Row],
        _ tokens: [ClaimToken],
        job: Int64,
        owner: WorkerOwner
    ) throws -> [ClaimedImage] {
        guard
            let jobRow = try Row.fetchOne(
                db,
                sql: """
                    SELECT id, tenant, settings, previews, recovery_key, recovery_source \
                    FROM jobs WHERE seq = ?
                    """,
                arguments: [job]
            ),
            let id = JobIdentifier(jobRow["id"] as String),
            let tenant = APIKeyID(jobRow["tenant"] as String)
        else { throw StoreError.corrupt("an image has no legal job") }
        let settings = try JSONColumn.decode(ProtectionSettings.self, jobRow["settings"])
        let attachments = try AttachmentRequest(row: jobRow)
        var classes = ClaimedClasses(job: job, tenant: tenant.text, mode: settings.mode)
        return try zip(rows, tokens).map { row, token in
            let label: String = row["label"]
            guard let input = try StoredBlob(sha256: row["input_sha256"], size: row["input_size"]),
                let artefact = try classes.part(db, label: label, input: input.sha256)
            else { throw StoreError.corrupt("a queued image has no class or no file") }
            return ClaimedImage(
                jobID: id,
                number: row["number"],
                token: token,
                // The row was read before the claim incremented it.
                attempt: row["attempt"] as Int + 1,
                owner: owner,
                tenant: tenant,
                inputSHA256: input.sha256,
                inputSize: input.size,
                pixels: row["pixels"],
                label: try ClassLabel(label),
                settings: settings,
                artefact: artefact,
                attachments: attachments
            )
        }
    }

    /// Extends leases.
    public func heartbeat(
        claims: [ClaimedImage],
        lease: Duration = .seconds(60)
    ) async throws(StoreError) -> [Bool] {
        try await write { [now] db in
            let until = now() + lease.milliseconds
            return try claims.map { try Self.lengthen(db, $0, until: until) }
        }
    }

    /// Extends a lease and returns whether it is still held.
    static func lengthen(_ db: Database, _ claim: ClaimedImage, until: Int64) throws -> Bool {
        guard let held = try HeldImage.fetch(db, claim) else { return false }
        try db.cachedStatement(sql: "UPDATE images SET lease_until = ? WHERE id = ?")
            .execute(arguments: [until, held.id])
        return true
    }

    /// The current moment; take it before checking leases.
    public var leaseMark: WorkMark {
        revocation.mark
    }

    /// Waits until leases may have been revoked.
    public func waitForRevocation(after mark: WorkMark, atMost timeout: Duration) async {
        await revocation.wait(after: mark, atMost: timeout)
    }

    // MARK: - Waiting

    /// The current moment; take it before a claim that may come back empty.
    public var workMark: WorkMark {
        signal.mark
    }

    /// Waits until something may be claimable.
    public func waitForWork(
        after mark: WorkMark,
        atMost timeout: Duration = .seconds(5)
    ) async throws(StoreError) {
        let next = try await read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT min(available_at) FROM images WHERE state = 'queued'"
            )
        }
        var limit = timeout
        if let next { limit = min(limit, max(.milliseconds(next - now()), .milliseconds(10))) }
        await signal.wait(after: mark, atMost: limit)
    }
}
