import JobModel
import Queue

/// The rows of a cell's database, and what its transactions do to them.
///
/// What is decided is decided by the product: by `FairQueue` whose image is next, by `RetryRule`
/// what an event does to an image, by `JobPriority` a job's turn. `AgreementTests` holds the rest,
/// the order of images and what is claimed together, against the product's own store.
struct SimulatedQueue {
    /// A key with its jobs that have work, in the order of their turns.
    private struct Tenant {
        var share: FairQueue.Share?
        var runningPixels: Int64 = 0
        var jobs = Heap<Turn>()
        /// Its place in ``waiting``; -1 if nothing of it can be claimed.
        var place = -1
    }

    private struct Turn: Comparable {
        let turn: Int64
        let sequence: Int64
        let job: Int

        static func < (one: Turn, other: Turn) -> Bool {
            (one.turn, one.sequence) < (other.turn, other.sequence)
        }
    }

    /// An image whose next attempt waits.
    private struct Delayed {
        let job: Int
        let image: QueuedJob.Returned
    }

    /// What an event did to an image.
    enum Effect {
        case done(SentJob, cameAlone: Bool, claimedAt: Microseconds)
        case failed
        case quarantined(ImageFailure)
        /// It can be claimed again at once.
        case returned
        /// It can be claimed again once ``SimulatedQueue/endDelay(_:)`` was called with this.
        case delayed(Int, Duration)
        /// Nothing: the lease was lost.
        case lost
        /// Nothing: the claim had ended before.
        case repeated
    }

    private let rule = RetryRule()
    private let mix: PhotoMix
    private var tenants: [Tenant]
    private var jobs = Pool<QueuedJob>()
    private var delayed = Pool<Delayed>()
    private var sequence: Int64 = 0
    private var latestStart: Int64 = 0
    /// The tenants with work, and beside it what `FairQueue` is told about them.
    private var waiting: [Int] = []
    private var candidates: [FairQueue.Candidate] = []
    /// The claims that the database or a machine still knows.
    var claims = Pool<Claim>()
    /// How many images can be claimed now.
    private(set) var queued = 0
    /// How many images have come, and how many of them have not ended.
    private(set) var arrived = 0
    private(set) var unfinished = 0

    init(tenants: Int, mix: PhotoMix) {
        self.tenants = [Tenant](repeating: Tenant(), count: tenants)
        self.mix = mix
    }

    // MARK: - Jobs

    /// Makes a job.
    mutating func create(_ sent: SentJob, now: Microseconds) {
        sequence += 1
        let job = QueuedJob(
            sent: sent,
            sequence: sequence,
            turn: sent.priority.turn(ofJobCreatedAt: now.inMilliseconds),
            cameAlone: tenants[sent.tenant].runningPixels == 0
                && tenants[sent.tenant].jobs.first == nil,
            unfinished: sent.images
        )
        arrived += sent.images
        unfinished += sent.images
        queued += sent.images
        enter(jobs.add(job))
    }

    /// Lets an image be claimed whose wait is over.
    mutating func endDelay(_ place: Int) {
        let entry = delayed[place]
        delayed.remove(place)
        giveBack(entry.image, job: entry.job)
    }

    /// The seed and the kind of a claim's job; not after the job has ended.
    func sent(_ claim: Claim) -> SentJob { jobs[claim.job].sent }

    // MARK: - Claims

    /// Leases work for some codecs.
    ///
    /// - Parameters:
    ///   - slots: How many codecs wait for work.
    ///   - limit: The most small images to claim together.
    ///   - machine: Who claims.
    ///   - now: The current time.
    ///   - lease: How long the claims hold without a heartbeat.
    ///   - taken: Receives for each codec the first of its claims; the others follow by
    ///     ``Claim/next``.
    /// - Returns: How many images were claimed.
    mutating func claim(
        slots: Int,
        limit: Int = ClaimedImage.maxTogether,
        machine: Int,
        now: Microseconds,
        lease: Microseconds,
        into taken: inout [Int]
    ) -> Int {
        var count = 0
        for _ in 0..<slots {
            let fair = FairQueue(latestStart: latestStart)
            guard let place = fair.next(among: candidates) else { break }
            let tenant = waiting[place]
            guard let turn = tenants[tenant].jobs.first else { break }
            var last = -1
            var pixels: Int64 = 0
            var together = 0
            repeat {
                guard let image = jobs[turn.job].take(together: together > 0) else { break }
                let claim = makeClaim(image, job: turn.job, machine, now, until: now + lease)
                if last < 0 { taken.append(claim) } else { claims[last].next = claim }
                last = claim
                pixels += claims[claim].pixels
                together += 1
            } while together < limit && isClaimedTogether(claims[last])
            if !jobs[turn.job].hasWork { _ = tenants[tenant].jobs.removeFirst() }
            let share = fair.share(after: tenants[tenant].share, taking: pixels)
            latestStart = max(latestStart, share.started)
            tenants[tenant].share = share
            tenants[tenant].runningPixels += pixels
            refresh(tenant)
            queued -= together
            count += together
        }
        return count
    }

    private mutating func makeClaim(
        _ image: QueuedJob.Returned,
        job: Int,
        _ machine: Int,
        _ now: Microseconds,
        until: Microseconds
    ) -> Int {
        let transition = rule.transition(of: .queued, after: image.faults, on: .claimed)
        guard let transition, transition.takesLease else {
            preconditionFailure("an image that is queued cannot be claimed")
        }
        let sent = jobs[job].sent
        return claims.add(
            Claim(
                job: job,
                number: image.number,
                pixels: mix.pixels(isSmall: sent.isSmall, seed: sent.seed, number: image.number),
                faults: transition.faults,
                machine: machine,
                claimedAt: now,
                leaseUntil: until
            )
        )
    }

    /// Whether others of the job may be claimed with this one.
    private func isClaimedTogether(_ claim: Claim) -> Bool {
        let bytes = mix.bytes(isSmall: jobs[claim.job].sent.isSmall, pixels: claim.pixels)
        return !claim.faults.isSuspect && bytes <= ClaimedImage.maxSmallBytes
            && claim.pixels <= ClaimedImage.maxSmallPixels
    }

    /// Ends a claim by an event.
    ///
    /// - Parameters:
    ///   - place: The claim.
    ///   - event: The event.
    ///   - byWorker: Whether the claimer says so, or else the leader.
    /// - Returns: What it did to the image.
    mutating func end(_ place: Int, _ event: ImageEvent, byWorker: Bool) -> Effect {
        let claim = claims[place]
        switch claim.standing {
        case .ended: return .repeated
        case .lapsed: return .lost
        case .held: break
        }
        guard let transition = rule.transition(of: .running, after: claim.faults, on: event) else {
            preconditionFailure("an image that is running has no such event")
        }
        claims[place].standing = byWorker ? .ended : .lapsed
        let sent = jobs[claim.job].sent
        let cameAlone = jobs[claim.job].cameAlone
        tenants[sent.tenant].runningPixels -= claim.pixels
        if transition.isTerminal {
            refresh(sent.tenant)
            unfinished -= 1
            jobs[claim.job].unfinished -= 1
            if jobs[claim.job].unfinished == 0 { jobs.remove(claim.job) }
        } else {
            let image = QueuedJob.Returned(number: claim.number, faults: transition.faults)
            guard transition.delay == .zero else {
                refresh(sent.tenant)
                let wait = delayed.add(Delayed(job: claim.job, image: image))
                return .delayed(wait, transition.delay)
            }
            giveBack(image, job: claim.job)
        }
        switch transition.new {
        case .done:
            return .done(sent, cameAlone: cameAlone, claimedAt: claim.claimedAt)
        case .quarantined: return .quarantined(transition.failure ?? .quarantined)
        case .failed: return .failed
        default: return .returned
        }
    }

    // MARK: - Who waits

    private mutating func giveBack(_ image: QueuedJob.Returned, job: Int) {
        let hadWork = jobs[job].hasWork
        jobs[job].giveBack(image)
        queued += 1
        if hadWork { refresh(jobs[job].sent.tenant) } else { enter(job) }
    }

    /// Lets a job's images be claimed, of which none could.
    private mutating func enter(_ job: Int) {
        let queuedJob = jobs[job]
        let tenant = queuedJob.sent.tenant
        tenants[tenant].jobs.add(
            Turn(turn: queuedJob.turn, sequence: queuedJob.sequence, job: job)
        )
        refresh(tenant)
    }

    /// Tells `FairQueue` how a tenant stands now.
    private mutating func refresh(_ tenant: Int) {
        let place = tenants[tenant].place
        guard let turn = tenants[tenant].jobs.first else {
            if place >= 0 { removeWaiting(at: place) }
            return
        }
        let candidate = FairQueue.Candidate(
            runningPixels: tenants[tenant].runningPixels,
            share: tenants[tenant].share,
            turn: turn.turn,
            job: turn.sequence
        )
        if place >= 0 {
            candidates[place] = candidate
        } else {
            tenants[tenant].place = waiting.count
            waiting.append(tenant)
            candidates.append(candidate)
        }
    }

    private mutating func removeWaiting(at place: Int) {
        tenants[waiting[place]].place = -1
        if let (tenant, candidate) = waiting.popLast().flatMap({ tenant in
            candidates.popLast().map { (tenant, $0) }
        }), place < waiting.count {
            waiting[place] = tenant
            candidates[place] = candidate
            tenants[tenant].place = place
        }
    }
}
