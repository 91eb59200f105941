import JobModel
import Queue
import SQLStore
import StoreHarness
import Testing

/// Random histories of claims, heartbeats, outcomes, cancels, retries, lapses and kills; after every
/// step the books must balance.
@Suite struct InterleavingTests {
    @Test(arguments: UInt64(1)...10)
    func `Whatever happens, counts are right, nothing is done twice, and every job ends`(
        seed: UInt64
    ) async throws {
        try await History(seed: seed).run()
    }

    @Test func `Many workers at once do every image exactly once`() async throws {
        let test = try TestStore()
        // As two nodes would.
        let stores = [try test.open(), try test.open()]
        let store = stores[0]
        let (one, other) = (try await store.tenant(), try await store.tenant())
        let jobs = [
            try await store.job(one, sizes: Array(repeating: 1, count: 150)),
            try await store.job(other, sizes: Array(repeating: 100_000, count: 40)),
            try await store.job(one, sizes: Array(repeating: 20_000, count: 20) + [1, 2, 3]),
        ]
        let finished = try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<8 {
                let store = stores[number % 2]
                group.addTask {
                    var mine: [String] = []
                    while true {
                        let claims = try await store.claim(owner: worker(number), limit: 16)
                        if claims.isEmpty { return mine }
                        #expect(try await store.heartbeat(claims: claims).allSatisfy { $0 })
                        let counted = try await store.finish(claims.map { ($0, done($0)) })
                        #expect(counted.allSatisfy { $0 })
                        mine += claims.map { "\($0.jobID) \($0.number)" }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(finished.count == 213)
        #expect(Set(finished).count == 213)
        for job in jobs {
            #expect(
                try await store.job(job.id, tenant: job.tenant)?.counts
                    == JobCounts(done: job.counts.total)
            )
        }
    }
}

/// One random history.
private final class History {
    private let test: TestStore
    private var store: any Store
    private var random: SplitMix64
    private var run = 1
    private var tenants: [APIKeyID] = []
    private var jobs: [(id: JobIdentifier, tenant: APIKeyID)] = []
    /// Claims that somebody still believes to hold, alive or not.
    private var claims: [ClaimedImage] = []
    private var ended: Set<String> = []
    /// Claims whose end has counted, so that it counts again and changes nothing.
    private var counted: Set<ClaimToken> = []
    /// Claims that somebody else ended.
    private var lost: Set<ClaimToken> = []

    init(seed: UInt64) throws {
        test = try TestStore()
        store = try test.open()
        random = SplitMix64(state: seed)
    }

    func run() async throws {
        for _ in 0..<3 { tenants.append(try await store.tenant()) }
        for _ in 0..<120 {
            try await step()
            try await checkBooks()
        }
        // From here on all goes well: what is left must come to its end.
        var rounds = 0
        while try await store.statistics().images.queued + store.statistics().images.running > 0 {
            rounds += 1
            try #require(rounds < 2000, "the jobs do not end")
            let got = try await store.claim(owner: owner())
            if got.isEmpty {
                test.clock.advance(by: .seconds(61))
                try await store.rescueExpired()
            }
            for (claim, counted) in zip(got, try await store.finish(got.map { ($0, done($0)) })) {
                record(claim, done(claim), counted)
            }
        }
        try await checkBooks()
        for job in jobs {
            #expect(try await store.job(job.id, tenant: job.tenant)?.state.isTerminal == true)
        }
    }

    private func owner() throws -> WorkerOwner {
        try worker(Int.random(in: 0..<4, using: &random), run: "run\(run)")
    }

    private func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8:
            let tenant = tenants[Int.random(in: 0..<3, using: &random)]
            let sizes = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                Bool.random(using: &random) ? UInt64(10) : 100_000
            }
            jobs.append((try await store.job(tenant, sizes: sizes).id, tenant))
        case 8..<40:
            claims += try await store.claim(
                owner: owner(),
                lease: .seconds(60),
                slots: Int.random(in: 1...3, using: &random),
                limit: Int.random(in: 1...64, using: &random)
            ).joined()
        case 40..<52:
            let some = claims.filter { _ in Bool.random(using: &random) }
            _ = try await store.heartbeat(claims: some)
        case 52..<85:
            try await finishSome()
        case 85..<92:
            test.clock.advance(by: .seconds(Int.random(in: 1...40, using: &random)))
        case 92..<96:
            try await store.rescueExpired()
        case 96:
            guard let job = jobs.randomElement(using: &random) else { break }
            let before = try await store.job(job.id, tenant: job.tenant)?.counts ?? JobCounts()
            let after = try await store.cancelJob(job.id, tenant: job.tenant)?.counts ?? JobCounts()
            #expect(after.queued == 0 && after.running == 0)
            #expect(after.cancelled == before.cancelled + before.queued + before.running)
        case 97:
            guard let job = jobs.randomElement(using: &random) else { break }
            try await retry(job.id, job.tenant)
        case 98:
            // A kill: the old store is left as it is, and its workers' last words arrive after the
            // restart.
            store = try test.open()
            run += 1
            if Bool.random(using: &random) {
                try await store.reclaim(previousRunsOf: "host", currentRun: "run\(run)")
            }
        default:
            // A dead worker: its claim is simply forgotten.
            if !claims.isEmpty {
                claims.remove(at: Int.random(in: 0..<claims.count, using: &random))
            }
        }
    }

    private func retry(_ id: JobIdentifier, _ tenant: APIKeyID) async throws {
        let before = try await store.images(job: id, states: [.failed, .quarantined])
        switch try await store.retryJob(id, tenant: tenant) {
        case .queued(let job): #expect(job.counts.failed == 0 && job.counts.quarantined == 0)
        case .nothing: #expect(before.isEmpty)
        case .expired, .overQuota, nil: Issue.record("the job is there, and its key without quotas")
        }
        for image in before { ended.remove("\(id) \(image.number)") }
    }

    private func finishSome() async throws {
        let some = claims.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        let outcomes = some.map { claim -> (ClaimedImage, ImageOutcome) in
            switch Int.random(in: 0..<10, using: &random) {
            case 0: (claim, .failed(broken))
            case 1: (claim, .retry(ioFault))
            case 2: (claim, .crashed(reason: "signal 11"))
            case 3: (claim, .released)
            default: (claim, done(claim))
            }
        }
        let counted = try await store.finish(outcomes)
        for ((claim, outcome), counts) in zip(outcomes, counted) { record(claim, outcome, counts) }
        // Some say it twice.
        if Bool.random(using: &random) {
            let before = try await store.statistics()
            #expect(try await store.finish(outcomes) == counted)
            let after = try await store.statistics()
            #expect(before.images == after.images && before.endings == after.endings)
        }
        if Bool.random(using: &random) { claims.removeAll { some.contains($0) } }
    }

    private func record(_ claim: ClaimedImage, _ outcome: ImageOutcome, _ counts: Bool) {
        guard counts else {
            lost.insert(claim.token)
            return
        }
        #expect(!lost.contains(claim.token), "a claim that was lost is lost")
        guard counted.insert(claim.token).inserted else { return }
        switch outcome {
        case .done, .failed:
            #expect(ended.insert("\(claim.jobID) \(claim.number)").inserted, "an image ended twice")
        case .retry, .crashed, .released: break
        }
    }

    private func checkBooks() async throws {
        #expect(try await Books.faults(in: store).isEmpty)
    }
}

/// Steele, Lea and Flood's generator: the same history from the same seed, on every machine.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
