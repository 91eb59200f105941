import JobModel
package import Queue

extension SQLStore {
    /// Revokes the leases of earlier runs of an installation.
    @discardableResult
    public func reclaim(
        previousRunsOf instance: String,
        currentRun run: String? = nil
    ) async throws(StoreError) -> Int {
        let past = instance + "/"
        let present = run.map { "\(past)\($0)/" }
        return try await takeBack(
            where: """
                substr(lease_owner, 1, length(:past)) = :past \
                AND coalesce(substr(lease_owner, 1, length(:present)) <> :present, TRUE)
                """,
            { _ in ["past": past, "present": present] },
            .interrupted,
            because: "the service ended while it had the image"
        )
    }

    /// Revokes the leases that have expired.
    @discardableResult
    public func rescueExpired(
        sparing claims: [ClaimedImage] = [],
        lease: Duration = .seconds(60)
    ) async throws(StoreError) -> Int {
        guard try await mayRescue(lease) else { return 0 }
        return try await takeBack(
            where: "lease_until <= :now",
            { ["now": $0] },
            .interrupted,
            because: "the lease ran out",
            sparing: claims,
            lease
        )
    }

    private func takeBack(
        where condition: String,
        _ arguments: @escaping @Sendable (_ now: Int64) -> SQLArguments,
        _ event: ImageEvent,
        because reason: String,
        sparing claims: [ClaimedImage] = [],
        _ lease: Duration = .zero
    ) async throws(StoreError) -> Int {
        let (count, wakesWorkers) = try await write { [self] db in
            let time = try db.now
            let running = "FROM images WHERE state = 'running' AND \(condition)"
            let jobs = Set(
                try db.values(Int64.self, "SELECT DISTINCT job \(running)", arguments(time))
            )
            try db.lock(.jobs(Array(jobs) + Self.jobs(db, of: claims)))
            try Self.lengthen(db, claims, until: time + lease.milliseconds)
            let images = try db.rows(
                "SELECT \(HeldImage.columns) \(running) ORDER BY job, number",
                arguments(time)
            ).map(HeldImage.init(row:)).filter { jobs.contains($0.job) }
            var ledger = JobLedger()
            try take(
                db,
                images.map { ($0, try write($0, event, now: time, fault: reason)) },
                &ledger
            )
            try ledger.settle(db, now: time)
            return (images.count, ledger.wakesWorkers)
        }
        if wakesWorkers { wakeWorkers() }
        return count
    }

    /// Returns the sequence numbers of the jobs of claims; those that are erased have none.
    private static func jobs(_ db: any SQLSession, of claims: [ClaimedImage]) throws -> [Int64] {
        try db.rowsOfEach(
            "SELECT seq FROM jobs WHERE id = ?",
            Set(claims.map(\.jobID.text)).sorted().map { [$0] }
        ).compactMap { try $0.first?["seq"] }
    }
}
