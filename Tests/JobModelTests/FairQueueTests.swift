import Testing

@testable import JobModel

@Suite struct FairQueueTests {
    private func candidate(
        running: Int64 = 0,
        share: FairQueue.Share? = nil,
        turn: Int64 = 0,
        job: Int64 = 0
    )
        -> FairQueue.Candidate
    {
        FairQueue.Candidate(runningPixels: running, share: share, turn: turn, job: job)
    }

    private func share(_ started: Int64, _ finished: Int64) -> FairQueue.Share {
        FairQueue.Share(started: started, finished: finished)
    }

    @Test func `Pixels running count before shares, shares before turns, turns before jobs`() {
        let queue = FairQueue(latestStart: 100)
        #expect(queue.next(among: []) == nil)
        let least = candidate(running: 5, share: share(90, 900), turn: 9, job: 9)
        #expect(queue.next(among: [candidate(running: 6), least, candidate(running: 7)]) == 1)
        #expect(
            queue.next(among: [
                candidate(share: share(0, 200)), candidate(share: share(0, 199), turn: 9),
            ]) == 1
        )
        #expect(queue.next(among: [candidate(turn: 3, job: 1), candidate(turn: 2, job: 2)]) == 1)
        #expect(queue.next(among: [candidate(turn: 2, job: 3), candidate(turn: 2, job: 2)]) == 1)
    }

    @Test func `Whoever was away has no credit, and whoever is new no debt`() {
        let queue = FairQueue(latestStart: 1000)
        // One key has had nothing for long, the other has never had anything. Both start now.
        #expect(
            queue.next(among: [candidate(share: share(0, 10), turn: 2), candidate(turn: 1)]) == 1
        )
        #expect(queue.share(after: share(0, 10), taking: 50) == share(1000, 1050))
        #expect(queue.share(after: nil, taking: 50) == share(1000, 1050))
        #expect(queue.share(after: share(1100, 1200), taking: 50) == share(1200, 1250))
        // Even a claim without cost advances the key, so that no key stays first for ever.
        #expect(queue.share(after: nil, taking: 0) == share(1000, 1001))
    }

    /// With one codec nothing is running when it becomes free.
    ///
    /// Over any period, two busy keys then get the same pixels to within one image each.
    @Test(arguments: [(1, 1), (50, 1), (12, 7), (3, 50)])
    func `Busy keys get the same pixels, however large their images are`(sizes: (Int64, Int64)) {
        let pixels = [sizes.0, sizes.1]
        var shares: [FairQueue.Share?] = [nil, nil]
        var given: [Int64] = [0, 0]
        for _ in 0..<2000 {
            let queue = FairQueue(latestStart: shares.compactMap { $0?.started }.max() ?? 0)
            let place = queue.next(among: shares.map { candidate(share: $0) }) ?? 0
            shares[place] = queue.share(after: shares[place], taking: pixels[place])
            given[place] += pixels[place]
            #expect(abs(given[0] - given[1]) <= sizes.0 + sizes.1)
        }
        #expect(given.allSatisfy { $0 > 0 })
    }

    @Test func `A key that comes to a flood is served after one claim at most`() {
        var shares: [FairQueue.Share?] = [nil]
        for _ in 0..<5000 {
            let queue = FairQueue(latestStart: shares.compactMap { $0?.started }.max() ?? 0)
            shares[0] = queue.share(after: shares[0], taking: 12_000_000)
        }
        let queue = FairQueue(latestStart: shares[0]?.started ?? 0)
        #expect(
            queue.next(among: [
                candidate(share: shares[0], turn: 0, job: 1), candidate(turn: 9, job: 2),
            ]) == 1
        )
    }

    // MARK: - Priorities

    @Test func `A priority is a head start, and no more than that`() {
        let step = JobPriority.step.components.seconds * 1000
        #expect(JobPriority.allCases.map { $0.turn(ofJobCreatedAt: 0) } == [step, 0, -step])
        // An urgent job overtakes jobs of the last few hours, but no older ones.
        #expect(
            JobPriority.high.turn(ofJobCreatedAt: step - 1)
                < JobPriority.normal.turn(ofJobCreatedAt: 0)
        )
        #expect(
            JobPriority.high.turn(ofJobCreatedAt: step + 1)
                > JobPriority.normal.turn(ofJobCreatedAt: 0)
        )
        // Even a low-priority job is therefore first after at most two steps, whatever follows it.
        for priority in JobPriority.allCases {
            #expect(
                JobPriority.low.turn(ofJobCreatedAt: 0)
                    < priority.turn(ofJobCreatedAt: 2 * step + 1)
            )
        }
    }

    @Test func `Priorities are read by their words alone`() throws {
        for priority in JobPriority.allCases {
            #expect(try JobPriority(parsing: priority.rawValue) == priority)
        }
        for bad in ["", "High", "9", "urgent"] {
            let fault = #expect(throws: SettingsFault.self) { try JobPriority(parsing: bad) }
            #expect(fault?.code == .priorityInvalid)
        }
    }

    // MARK: - Costs

    @Test func `A picture costs its pixels, within bounds that no header can leave`() {
        #expect(ImageCost.pixels(width: 4000, height: 3000) == 12_000_000)
        #expect(ImageCost.pixels(width: 0, height: 5) == 1)
        #expect(
            ImageCost.pixels(width: Int(Int32.max), height: Int(Int32.max)) == ImageCost.maxPixels
        )
        #expect(ImageCost.pixels(width: .max, height: 2) == ImageCost.maxPixels)
        // A file of unknown size in pixels never counts as small.
        #expect(ImageCost.estimate(bytes: 0) > ImageCost.maxSmallPixels)
        #expect(ImageCost.estimate(bytes: 3_000_000) == 12_000_000)
        #expect(ImageCost.estimate(bytes: .max) == ImageCost.maxPixels)
        // With another limit on pixels, all permitted pictures count in full.
        #expect(ImageCost.pixels(width: 10_000, height: 9_000, limit: 90_000_000) == 90_000_000)
        #expect(ImageCost.pixels(width: 4000, height: 3000, limit: 1000) == 1000)
        #expect(ImageCost.estimate(bytes: 20_000_000, limit: 90_000_000) == 80_000_000)
        #expect(ImageCost.estimate(bytes: .max, limit: 1000) == 1000)
    }
}
