import Cryptography
import FoundationEssentials
package import JobModel
package import Queue

extension SQLStore {
    /// Leases work for some codecs.
    public func claim(
        owner: WorkerOwner,
        lease: Duration = .seconds(60),
        slots: Int,
        limit: Int = ClaimedImage.maxTogether
    ) async throws(StoreError) -> [[ClaimedImage]] {
        let most = min(max(limit, 1), ClaimedImage.maxTogether)
        return try await write { [self] db in
            // Nobody else claims meanwhile. Others may cancel or erase what is chosen here, until
            // its job is locked; that is left out then.
            try db.lock(.queue)
            try db.mayBeForgotten()
            let time = try db.now
            var turns = try QueueTurns(db, now: time)
            var chosen: [[SQLRow]] = []
            while chosen.count < max(slots, 1) {
                let rows = try turns.next(db, limit: most)
                guard !rows.isEmpty else { break }
                chosen.append(rows)
            }
            try db.lock(.jobs(try chosen.compactMap { try $0.first?["job"] }))
            let lease = (owner: owner, until: time + lease.milliseconds)
            var ledger = JobLedger()
            let claims = try chosen.map { try take(db, $0, lease, now: time, &ledger) }
            try turns.save(db)
            try ledger.settle(db, now: time)
            return claims.filter { !$0.isEmpty }
        }
    }

    /// Leases images of one job, except those that are no longer queued.
    private func take(
        _ db: any SQLSession,
        _ rows: [SQLRow],
        _ lease: (owner: WorkerOwner, until: Int64),
        now time: Int64,
        _ ledger: inout JobLedger
    ) throws -> [ClaimedImage] {
        var taken: [(row: SQLRow, token: ClaimToken)] = []
        for row in rows {
            let faults = try ImageFaults(row: row)
            guard let transition = rule.transition(of: .queued, after: faults, on: .claimed) else {
                throw StoreError.corrupt("an image that is queued cannot be claimed")
            }
            let token = ClaimToken.random()
            let write = ImageWrite(
                transition: transition,
                now: time,
                lease: ImageWrite.Lease(owner: lease.owner, token: token, until: lease.until)
            )
            let id: Int64 = try row["id"]
            guard try write.execute(db, where: "id = :image", ["image": id]) == 1 else { continue }
            ledger.note(job: try row["job"], transition)
            taken.append((row, token))
        }
        guard let job: Int64 = try taken.first?.row["job"] else { return [] }
        return try Self.claims(db, taken, job: job, owner: lease.owner)
    }

    private static func claims(
        _ db: any SQLSession,
        _ taken: [(row: SQLRow, token: ClaimToken)],
        job: Int64,
        owner: WorkerOwner
    ) throws -> [ClaimedImage] {
        guard
            let jobRow = try db.row(
                """
                SELECT id, tenant, settings, previews, recovery_key, recovery_source \
                FROM jobs WHERE seq = ?
                """,
                [job]
            ),
            let id = try JobIdentifier(jobRow["id"] as String),
            let tenant = try APIKeyID(jobRow["tenant"] as String)
        else { throw StoreError.corrupt("an image has no legal job") }
        let settings = try JSONColumn.decode(ProtectionSettings.self, jobRow["settings"])
        let attachments = try AttachmentRequest(row: jobRow)
        var classes = ClaimedClasses(job: job, tenant: tenant.text, mode: settings.mode)
        return try taken.map { row, token in
            let label: String = try row["label"]
            guard let input = try StoredBlob(sha256: row["input_sha256"], size: row["input_size"]),
                let artefact = try classes.part(db, label: label, input: input.sha256)
            else { throw StoreError.corrupt("a queued image has no class or no file") }
            return try ClaimedImage(
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
                label: ClassLabel(label),
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
        try await write { db in
            try db.lock(.leases(Self.jobs(db, of: claims)))
            try db.mayBeForgotten()
            return try Self.lengthen(db, claims, until: db.now + lease.milliseconds)
        }
    }

    /// Returns the sequence numbers of the jobs of claims; those that are erased have none.
    static func jobs(_ db: any SQLSession, of claims: [ClaimedImage]) throws -> [Int64] {
        try Set(claims.map(\.jobID.text)).sorted().compactMap {
            try db.value(Int64.self, "SELECT seq FROM jobs WHERE id = ?", [$0])
        }
    }

    /// Extends leases and returns which are still held.
    @discardableResult
    static func lengthen(
        _ db: any SQLSession,
        _ claims: [ClaimedImage],
        until: Int64
    ) throws -> [Bool] {
        let held = try claims.map { try HeldImage.fetch(db, $0)?.id }
        // Others may lengthen the same ones at the same time, so that there must be an order.
        for image in Set(held.compactMap(\.self)).sorted() {
            try db.execute("UPDATE images SET lease_until = ? WHERE id = ?", [until, image])
        }
        return held.map { $0 != nil }
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
            try db.value(Int64.self, "SELECT min(available_at) FROM images WHERE state = 'queued'")
        }
        var limit = timeout
        if let next {
            limit = min(limit, max(.milliseconds(next - currentTime), .milliseconds(10)))
        }
        await signal.wait(after: mark, atMost: limit)
    }
}
