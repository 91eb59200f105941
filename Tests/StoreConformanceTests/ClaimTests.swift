import JobModel
import Queue
import StoreHarness
import Testing

@Suite struct ClaimTests {
    let test: TestStore

    init() throws { test = try TestStore() }
    static let big = UInt64(ClaimedImage.maxSmallBytes + 1)

    @Test func `Images whose size in pixels nobody knows are claimed one by one, however small`()
        async throws
    {
        let store = try test.open()
        let images = try (1...3).map { number in
            NewImage(
                label: try ClassLabel("cats"),
                name: OutputName(numbered: number),
                content: .stored(StoredBlob(sha256: blob("\(number)"), size: 100))
            )
        }
        let new = NewJob(
            tenant: try await store.tenant(),
            settings: .standard,
            retention: .seconds(100)
        )
        _ = try await store.createJob(new, images: images)
        for number in 1...3 {
            #expect(try await store.claim(owner: worker()).map(\.number) == [number])
        }
    }

    @Test func `A claim has everything the worker needs`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [Self.big])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(
            claim.jobID == job.id && claim.number == 1 && claim.attempt == 1
                && claim.tenant == tenant
        )
        #expect(
            claim.inputSHA256 == blob("\(tenant) cats 0 \(Self.big)") && claim.inputSize == Self.big
        )
        #expect(claim.label.text == "cats" && claim.settings == .standard)
        let assignment = try await store.classAssignment(tenant: tenant, label: claim.label)
        // By the rule that is tested where it is: here only that it is asked, with this photo and mode.
        let part = ClassArtefact.generated(assignment).part(
            for: claim.inputSHA256,
            mode: .sampleWise
        )
        #expect(claim.artefact == part.mapImported { _ in claim.inputSHA256 })
        #expect(claim.artefact != .generated(assignment))
        let after = try #require(try await store.job(job.id, tenant: tenant))
        #expect(
            after.state == .running && after.counts == JobCounts(running: 1)
                && after.startedAt == test.clock.now
        )
        #expect(try await store.claim(owner: worker(1)).isEmpty)
    }

    @Test func `Large images are claimed one by one in their order`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [Self.big, Self.big, Self.big])
        for number in 1...3 {
            #expect(try await store.claim(owner: worker()).map(\.number) == [number])
        }
    }

    @Test func `Small images of a job are claimed together, at most 64`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let limit = UInt64(ClaimedImage.maxSmallBytes)
        try await store.job(tenant, sizes: [limit] + [Self.big] + Array(repeating: 1, count: 100))
        try await store.job(tenant, sizes: [1])
        #expect(try await store.claim(owner: worker()).map(\.number) == [1] + Array(3...65))
        #expect(try await store.claim(owner: worker()).map(\.number) == [2])
        #expect(try await store.claim(owner: worker(), limit: 10).map(\.number) == Array(66...75))
        #expect(try await store.claim(owner: worker()).map(\.number) == Array(76...102))
        #expect(try await store.claim(owner: worker()).map(\.number) == [1])
    }

    @Test func `Images of one batch may have different classes`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let images = try ["a", "b", "a"].enumerated().map { index, label in
            NewImage(
                label: try ClassLabel(label),
                name: OutputName(numbered: index),
                content: .stored(StoredBlob(sha256: blob("\(index)"), size: 1)),
                pixels: 1
            )
        }
        _ = try await store.createJob(
            NewJob(tenant: tenant, settings: .standard, retention: .zero),
            images: images
        )
        let claims = try await store.claim(owner: worker())
        #expect(claims.map(\.label.text) == ["a", "b", "a"])
        let indices = claims.map {
            if case .generated(let it) = $0.artefact { it.classIndex } else { -1 }
        }
        #expect(indices == [0, 1, 0])
    }

    @Test func `The tenant for whom least is running comes first, then the oldest job`()
        async throws
    {
        let store = try test.open()
        let (rich, poor) = (try await store.tenant(), try await store.tenant())
        let flood = try await store.job(rich, sizes: Array(repeating: 1_000_000, count: 10))
        let later = try await store.job(poor, sizes: [400_000, 400_000, 400_000, 400_000])
        var order: [JobIdentifier] = []
        for _ in 0..<6 { order += try await store.claim(owner: worker()).map(\.jobID) }
        // A quarter of these is running before each claim: 0/0 (age decides), 1M/0, 1M/.4M, 1M/.8M, 1M/1.2M, 2M/1.2M.
        #expect(order == [flood.id, later.id, later.id, later.id, flood.id, later.id])
    }

    @Test func `An image that crashed is claimed alone`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [1, 1, 1, 1])
        let claims = try await store.claim(owner: worker())
        var outcomes = claims.map { ($0, ImageOutcome.released) }
        outcomes[1].1 = .crashed(reason: "signal 11")
        #expect(try await store.finish(outcomes) == [true, true, true, true])
        #expect(try await store.claim(owner: worker()).map(\.number) == [1, 3, 4])
        #expect(try await store.claim(owner: worker()).map(\.number) == [2])
    }

    @Test func `A heartbeat keeps the lease, and tells who has lost it`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [Self.big, Self.big])
        let kept = try await store.claim(owner: worker(0))
        let lost = try await store.claim(owner: worker(1))
        test.clock.advance(by: .seconds(50))
        #expect(try await store.heartbeat(claims: kept) == [true])
        test.clock.advance(by: .seconds(50))
        #expect(try await store.rescueExpired() == 1)
        #expect(try await store.heartbeat(claims: kept + lost) == [true, false])
        #expect(try await store.finish(lost[0], done(lost[0])) == false)
        #expect(try await store.finish(kept[0], done(kept[0])))
        #expect(try await store.heartbeat(claims: kept) == [false], "a finished image has no lease")
    }

    @Test func `A worker that lost its lease changes nothing, whatever it says`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [Self.big])
        let stale = try #require(try await store.claim(owner: worker(0)).first)
        test.clock.advance(by: .seconds(61))
        try await store.rescueExpired()
        // The same worker gets the image again: the token tells the two claims apart.
        let fresh = try #require(try await store.claim(owner: worker(0)).first)
        #expect(fresh.attempt == 2 && fresh.token != stale.token)
        let outcomes: [ImageOutcome] = [
            done(stale), .failed(broken), .retry(ioFault), .crashed(reason: ""), .released,
        ]
        for outcome in outcomes {
            #expect(try await store.finish(stale, outcome) == false)
            #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(running: 1))
        }
        #expect(try await store.finish(fresh, done(fresh)))
        #expect(try await store.finish(stale, .failed(broken)) == false)
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(done: 1))
    }

    @Test func `Several codecs get their work in one call, and no image is claimed twice`()
        async throws
    {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [Self.big, 1, 1, 1, Self.big, Self.big])
        let first = try await store.claim(owner: worker(), lease: .seconds(60), slots: 3, limit: 2)
        #expect(first.map { $0.map(\.number) } == [[1], [2, 3], [4]])
        #expect(
            try await store.job(job.id, tenant: tenant)?.counts == JobCounts(queued: 2, running: 4)
        )
        let rest = try await store.claim(owner: worker(1), lease: .seconds(60), slots: 3, limit: 2)
        #expect(rest.map { $0.map(\.number) } == [[5], [6]], "there is no more")
        let none = try await store.claim(owner: worker(), lease: .seconds(60), slots: 3, limit: 2)
        #expect(none.isEmpty)
        let claims = (first + rest).flatMap { $0 }
        #expect(Set(claims.map(\.token)).count == 6, "each has its own token")
        #expect(try await store.heartbeat(claims: claims).allSatisfy { $0 })
        #expect(try await store.finish(claims.map { ($0, done($0)) }).allSatisfy { $0 })
        #expect(try await store.job(job.id, tenant: tenant)?.counts == JobCounts(done: 6))
    }

    @Test func `Codecs that claim in one call get what they would get one after the other`()
        async throws
    {
        var orders: [[String]] = []
        let other = try TestStore()
        for (slots, test) in [(1, test), (6, other)] {
            let store = try test.open()
            let (rich, poor) = (try await store.tenant(), try await store.tenant())
            try await store.job(rich, sizes: Array(repeating: 1_000_000, count: 10))
            try await store.job(poor, sizes: Array(repeating: 400_000, count: 4))
            var order: [String] = []
            for _ in 0..<(6 / slots) {
                order += try await store.claim(
                    owner: worker(),
                    lease: .seconds(60),
                    slots: slots,
                    limit: ClaimedImage.maxTogether
                ).map { $0.map { "\($0.tenant == rich ? "rich" : "poor") \($0.number)" }.joined() }
            }
            orders.append(order)
        }
        #expect(orders[0].count == 6 && orders[0] == orders[1])
    }

    @Test func `Workers that claim for several codecs at once share no image`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: Array(repeating: Self.big, count: 40))
        try await store.job(tenant, sizes: Array(repeating: 1, count: 40))
        let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<6 {
                group.addTask {
                    var mine: [String] = []
                    while true {
                        let batches = try await store.claim(
                            owner: worker(number),
                            lease: .seconds(60),
                            slots: 4,
                            limit: 5
                        )
                        if batches.isEmpty { return mine }
                        mine += batches.joined().map { "\($0.jobID) \($0.number)" }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == 80 && Set(claimed).count == 80)
    }
}
