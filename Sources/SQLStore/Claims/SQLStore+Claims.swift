package import JobModel
package import Queue
import Synchronization

extension SQLStore {
    /// Leases work for some codecs.
    public func claim(
        owner: WorkerOwner,
        lease: Duration = .seconds(60),
        slots: Int,
        limit: Int = ClaimedImage.maxTogether
    ) async throws(StoreError) -> [[ClaimedImage]] {
        let most = min(max(limit, 1), ClaimedImage.maxTogether)
        // What was claimed by a commit whose answer was lost would wait for its lease to run out.
        let claimed = Mutex<[[ClaimedImage]]>([])
        return try await write { [self] db in
            // Nobody else claims meanwhile. Others may cancel or erase what is chosen here, until
            // its job is locked; that is left out then.
            try db.lock(.queue)
            try db.mayBeForgotten()
            let time = try db.now
            if db.isRepeated {
                let kept = try Self.held(db, claimed.withLock { $0 })
                if !kept.isEmpty { return kept }
            }
            let (turns, chosen) = try db.withoutSorting {
                var turns = try QueueTurns(db, now: time, slots: max(slots, 1))
                var chosen: [[WaitingImage]] = []
                while chosen.count < max(slots, 1) {
                    let images = try turns.next(db, limit: most)
                    guard !images.isEmpty else { break }
                    chosen.append(images)
                }
                return (turns, chosen)
            }
            guard !chosen.isEmpty else { return [] }
            try db.lock(.jobs(chosen.compactMap { $0.first?.job }))
            let lease = (owner: owner, until: time + lease.milliseconds)
            var ledger = JobLedger()
            let taken = try take(db, chosen, lease, now: time, &ledger)
            try turns.save(db)
            try ledger.settle(db, now: time)
            let claims = try ClaimedJobs(db, of: taken.joined().map(\.image))
                .claims(taken, owner: owner, now: time)
            claimed.withLock { $0 = claims }
            return claims
        }
    }

    /// Those of some claims that hold their images.
    private static func held(
        _ db: any SQLSession,
        _ claims: [[ClaimedImage]]
    ) throws -> [[ClaimedImage]] {
        try claims.map { claims in
            try zip(claims, HeldImage.fetch(db, claims)).compactMap { claim, held in
                if case .held = held { claim } else { nil }
            }
        }.filter { !$0.isEmpty }
    }

    /// Leases images, except those that are no longer queued.
    private func take(
        _ db: any SQLSession,
        _ chosen: [[WaitingImage]],
        _ lease: (owner: WorkerOwner, until: Int64),
        now time: Int64,
        _ ledger: inout JobLedger
    ) throws -> [[(image: WaitingImage, token: ClaimToken)]] {
        let writes = try chosen.joined().map { image in
            guard
                let transition = rule.transition(of: .queued, after: image.faults, on: .claimed)
            else { throw StoreError.corrupt("an image that is queued cannot be claimed") }
            let token = ClaimToken.random()
            let write = ImageWrite(
                transition: transition,
                now: time,
                lease: ImageWrite.Lease(owner: lease.owner, token: token, until: lease.until)
            )
            return (write: write, image: image.id, token: token)
        }
        let written = try ImageWrite.execute(db, writes.map { ($0.write, $0.image) })
        var next = 0
        return chosen.map { images in
            images.compactMap { image in
                defer { next += 1 }
                guard written[next] else { return nil }
                ledger.note(job: image.job, writes[next].write.transition)
                return (image, writes[next].token)
            }
        }
    }

    /// Extends leases.
    public func heartbeat(
        claims: [ClaimedImage],
        lease: Duration = .seconds(60)
    ) async throws(StoreError) -> [Bool] {
        try await write { db in
            try db.lock(.leases(claims.map(\.jobID.text)))
            try db.mayBeForgotten()
            return try Self.lengthen(db, claims, until: db.now + lease.milliseconds)
        }
    }

    /// Extends leases and returns which are still held.
    @discardableResult
    static func lengthen(
        _ db: any SQLSession,
        _ claims: [ClaimedImage],
        until: Int64
    ) throws -> [Bool] {
        let held = try HeldImage.fetch(db, claims).map { claimed -> Int64? in
            if case .held(let image) = claimed { image.id } else { nil }
        }
        // Others may lengthen the same ones at the same time, so that there must be an order.
        try db.executeLater(
            "UPDATE images SET lease_until = ? WHERE id = ?",
            Set(held.compactMap(\.self)).sorted().map { [until, $0] }
        )
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
