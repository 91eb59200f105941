import Testing

@testable import JobModel

@Suite struct ForecastTests {
    private let one = APIKeyID.random()
    private let two = APIKeyID.random()
    private let three = APIKeyID.random()

    private func work(_ tenant: APIKeyID, _ turn: Int64, _ pixels: Int64) -> QueueForecast.Work {
        QueueForecast.Work(tenant: tenant, turn: turn, pixels: pixels)
    }

    @Test func `An empty queue holds a job's own pixels`() {
        #expect(QueueForecast([]).pixels(untilEndOf: work(one, 5, 70)) == 70)
    }

    @Test
    func
        `Before a job come the earlier turns of its key, and as much of every other key as that makes`()
    {
        let jobs = [
            work(one, 2, 10), work(one, 1, 100), work(two, 1, 30), work(three, 9, 5000),
            work(one, 3, 1),
        ]
        let forecast = QueueForecast(jobs)
        #expect(forecast.pixels(untilEndOf: jobs[1]) == 100 + 30 + 100)
        #expect(forecast.pixels(untilEndOf: jobs[0]) == 110 + 30 + 110)
        #expect(forecast.pixels(untilEndOf: jobs[4]) == 111 + 30 + 111)
        #expect(forecast.pixels(untilEndOf: jobs[2]) == 30 + 30 + 30)
        #expect(forecast.pixels(untilEndOf: jobs[3]) == 5000 + 111 + 30)
        // A job that is not in the queue yet comes after its key's other jobs.
        #expect(forecast.pixels(untilEndOf: work(two, 4, 20)) == 50 + 50 + 50)
    }

    /// Compares the forecast with a simulation of the queue, image by image, on one codec.
    @Test(arguments: UInt64(0)..<20)
    func `It is what the fair queue does, give or take an image of each key`(seed: UInt64) throws {
        var random = Generator(state: seed)
        let tenants = [one, two, three]
        let jobs = (0..<12).map { turn in
            work(tenants[Int(random.next() % 3)], Int64(turn), Int64(random.next() % 40 + 1))
        }
        let forecast = QueueForecast(jobs)
        var left = jobs.map(\.pixels)
        var shares: [FairQueue.Share?] = [nil, nil, nil]
        var total: Int64 = 0
        while left.contains(where: { $0 > 0 }) {
            let heads = tenants.indices.compactMap { tenant -> (tenant: Int, job: Int)? in
                jobs.indices.first { jobs[$0].tenant == tenants[tenant] && left[$0] > 0 }.map {
                    (tenant, $0)
                }
            }
            let queue = FairQueue(latestStart: shares.compactMap { $0?.started }.max() ?? 0)
            let candidates = heads.map { head in
                FairQueue.Candidate(
                    runningPixels: 0,
                    share: shares[head.tenant],
                    turn: jobs[head.job].turn,
                    job: Int64(head.job)
                )
            }
            let head = heads[try #require(queue.next(among: candidates))]
            // Every image has one pixel.
            shares[head.tenant] = queue.share(after: shares[head.tenant], taking: 1)
            left[head.job] -= 1
            total += 1
            if left[head.job] == 0 {
                #expect(abs(forecast.pixels(untilEndOf: jobs[head.job]) - total) <= 3)
            }
        }
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    // MARK: - Throughput

    @Test func `Nothing measured is no speed`() {
        var throughput = Throughput()
        #expect(throughput.pixelsPerSecond == nil)
        throughput.record(pixels: 0, busy: .seconds(1))
        throughput.record(pixels: 10, busy: .zero)
        #expect(throughput.pixelsPerSecond == nil)
    }

    @Test func `A steady speed is the average, and a new one takes its place`() throws {
        var throughput = Throughput()
        for _ in 0..<10 { throughput.record(pixels: 2_000_000, busy: .seconds(1)) }
        #expect(abs(try #require(throughput.pixelsPerSecond) - 2_000_000) < 1)
        // One image that takes ten times as long is weighted by its duration, not by its number.
        throughput.record(pixels: 2_000_000, busy: .seconds(10))
        #expect(abs(try #require(throughput.pixelsPerSecond) - 1_100_000) < 60_000)
        for _ in 0..<1000 { throughput.record(pixels: 500_000, busy: .seconds(1)) }
        #expect(abs(try #require(throughput.pixelsPerSecond) - 500_000) < 2000)
    }
}
