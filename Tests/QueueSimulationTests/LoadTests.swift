import JobRunner
import Testing

@testable import QueueSimulation

@Suite struct LoadTests {
    @Test func `The day's curve has its peak where it was asked for, and a mean of 1`() {
        let curve = DayCurve(peak: 3, peakAt: 14 * .hour)
        let values = (0..<1440).map { curve.value(at: $0 * 60_000_000) }
        let (sum, peak): (Double, Double) = (values.reduce(0, +), values[14 * 60])
        #expect(abs(sum / 1440 - 1) < 1e-6)
        #expect(values.max() == peak && abs(peak - 3) < 1e-9)
    }

    @Test func `Drawn job sizes have the mean that the arrivals count with`() {
        var random = SeededRandom(seed: 7)
        for limit in [1, 40, 100_000] {
            let draws = (0..<200_000).map { _ in
                JobSizes.mixed.draw(limit: limit, from: &random)
            }
            let mean = Double(draws.reduce(0, +)) / Double(draws.count)
            #expect(abs(mean / JobSizes.mixed.mean(limit: limit) - 1) < 0.05)
            #expect(draws.max() ?? 0 <= limit && draws.min() == 1)
        }
    }

    @Test func `As many images come as the tenants send`() {
        var plan = CellPlan(
            loads: [100_000, 50_000, 1000],
            machines: 0,
            codecs: 0,
            mix: PhotoMix(megapixels: 1...1, smallShare: 0)
        )
        plan.arrivals = 0..<4 * .day
        plan.sizes = JobSizes([.init(share: 1, sizes: 1...20)])
        var arrivals = Arrivals(
            loads: plan.loads,
            sizes: plan.sizes,
            mix: plan.mix,
            curve: plan.curve,
            random: SeededRandom(seed: 3)
        )
        var counts = [0, 0, 0]
        var moment: Microseconds = 0
        while let job = arrivals.next(after: moment), job.sentAt < 4 * .day {
            moment = job.sentAt
            counts[job.tenant] += job.images
        }
        for (count, load) in zip(counts, plan.loads) {
            #expect(abs(Double(count) / (4 * load) - 1) < 0.1)
        }
    }

    @Test func `Tenants follow Zipf's law, and cells get equal loads as far as they can`() {
        let loads = Tenants.loads(count: 10_000, imagesPerDay: 1e8)
        let sum: Double = loads.reduce(0, +)
        #expect(abs(sum - 1e8) < 1 && loads[0] / loads[99] == 100)
        let cells = Tenants.placed(loads, cells: 10)
        #expect(cells.joined().count == 10_000)
        for cell in cells {
            let load: Double = cell.reduce(0, +)
            #expect(abs(load / 1e7 - 1) < 0.03)
        }
    }

    @Test func `A codec takes the measured times`() {
        let mix = PhotoMix(megapixels: 12.192768...12.192768, smallShare: 0)
        #expect(abs(mix.meanSeconds - 0.306) < 1e-9)
        let mixed = PhotoMix(megapixels: 0.3...2.684, smallShare: 0)
        #expect(abs(mixed.meanSeconds - 1 / 11.7) < 1e-6)
    }

    @Test func `The times of leases are the runner's`() {
        let runner = WorkerLoop.Configuration(instance: "a", run: "b")
        let timing = Timing()
        #expect(runner.lease == .microseconds(timing.lease))
        #expect(runner.heartbeat == .microseconds(timing.heartbeat))
        #expect(runner.maxFaultDelay == .microseconds(timing.lastFaultDelay))
    }
}
