import JobModel
import Testing

@Suite struct JobRateTests {
    private let start = ContinuousClock.now

    /// Returns how many of several attempts at the same time succeed.
    private func take(
        _ attempts: Int,
        of rate: inout JobRate,
        _ perMinute: Int,
        after seconds: Duration = .zero
    ) -> Int {
        var taken = 0
        for _ in 0..<attempts where rate.take(perMinute: perMinute, now: start + seconds) {
            taken += 1
        }
        return taken
    }

    @Test(arguments: [1, 2, 3, 7, 60, 999, 60_000])
    func `A full bucket gives as many jobs as it holds, and then one for each part of the minute`(
        perMinute: Int
    ) {
        var rate = JobRate(now: start)
        #expect(rate.availableQuota(perMinute: perMinute, now: start) == (perMinute, nil))
        for left in (0..<perMinute).reversed() {
            let isTaken = rate.take(perMinute: perMinute, now: start)
            #expect(isTaken)
            #expect(rate.availableQuota(perMinute: perMinute, now: start).remaining == left)
        }
        let empty = rate
        let isTaken = rate.take(perMinute: perMinute, now: start)
        #expect(!isTaken && rate == empty)
        // From here on, each job is available exactly when announced, and not before.
        var now = start
        for _ in 0..<min(3 * perMinute, 300) {
            guard let wait = rate.availableQuota(perMinute: perMinute, now: now).untilNext else {
                Issue.record("an empty bucket says that it is full")
                return
            }
            #expect(wait > .zero && wait <= .seconds(60) / perMinute)
            let isEarly = rate.take(perMinute: perMinute, now: now + wait - .nanoseconds(1))
            now += wait
            let isInTime = rate.take(perMinute: perMinute, now: now)
            #expect(!isEarly && isInTime)
        }
    }

    @Test func `After a minute the bucket is full again, and never fuller`() {
        var rate = JobRate(now: start)
        #expect(take(9, of: &rate, 5) == 5)
        #expect(!rate.isFull(now: start + .seconds(59)))
        for later in [60, 61, 100_000] {
            #expect(rate.isFull(now: start + .seconds(later)))
            #expect(rate.availableQuota(perMinute: 5, now: start + .seconds(later)) == (5, nil))
        }
        #expect(take(9, of: &rate, 5, after: .seconds(100_000)) == 5)
    }

    @Test func `What is given back can be taken again`() {
        var rate = JobRate(now: start)
        for _ in 0..<100 {
            #expect(take(2, of: &rate, 1) == 1)
            rate.giveBack(perMinute: 1)
        }
        #expect(take(2, of: &rate, 1) == 1)
    }

    @Test func `A quota that becomes smaller or larger holds for what was made already`() {
        var rate = JobRate(now: start)
        #expect(take(60, of: &rate, 60) == 60)
        #expect(rate.availableQuota(perMinute: 2, now: start) == (0, .seconds(30)))
        #expect(take(2, of: &rate, 2) == 0)
        #expect(take(2, of: &rate, 2, after: .seconds(30)) == 1)
        #expect(take(9, of: &rate, 600, after: .seconds(30)) == 0)
        #expect(take(90, of: &rate, 600, after: .seconds(31)) == 10)
    }
}
