import Testing

@testable import QueueSimulation

@Suite struct CellTests {
    /// A cell of some thousand images in the two hours around the peak.
    private static func plan(
        _ loads: [Double] = [40_000, 20_000, 5000, 5000, 5000],
        outage: Double = 0,
        machines: Int = 3
    ) -> CellPlan {
        var plan = CellPlan(
            loads: loads,
            machines: machines,
            codecs: 2,
            mix: PhotoMix(megapixels: 12...12, smallShare: 0.2)
        )
        plan.arrivals = 13 * .hour..<15 * .hour
        plan.outage = (14 * .hour, .seconds(outage))
        return plan
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `Every image that came ends exactly once, whatever fails`(seed: UInt64) {
        var plan = Self.plan(outage: 120)
        plan.seed = seed
        plan.deathsPerHour = 20
        plan.storageFaults = 0.05
        plan.poison = 0.001
        let report = CellSimulation(plan).run()
        let ended: Int =
            report.done + report.failed + report.quarantinedByCodecs
            + report.quarantinedOtherwise
        #expect(report.arrived > 5000 && ended == report.arrived && report.unfinished == 0)
        #expect(report.deaths > 0 && report.lapsedOfDead > 0 && report.quarantinedByCodecs > 0)
        #expect(report.quarantinedOtherwise == 0)
        var waits = 0
        for group in [WaitGroup.small, .medium, .large] {
            waits += report.usualWaits[group.rawValue].count
            waits += report.outageWaits[group.rawValue].count
        }
        #expect(waits == report.done)
    }

    @Test func `Equal seeds give equal reports, and others do not`() {
        var plan = Self.plan(outage: 120)
        let report = CellSimulation(plan).run()
        #expect(CellSimulation(plan).run() == report)
        plan.seed = 2
        #expect(CellSimulation(plan).run() != report)
    }

    @Test func `An outage of no length changes nothing`() {
        var plan = Self.plan()
        plan.deathsPerHour = 1
        let report = CellSimulation(plan).run()
        plan.outage = nil
        #expect(CellSimulation(plan).run() == report)
        plan.outage = (14 * .hour, .seconds(1))
        #expect(CellSimulation(plan).run() != report)
    }

    @Test func `A flood of one tenant hardly delays the others`() {
        // Six codecs do some twenty images a second, and the flood is more than that at the peak.
        let small = [Double](repeating: 3000, count: 10)
        var plan = Self.plan(small + [900_000])
        plan.sizes = JobSizes([.init(share: 1, sizes: 1...1)])
        plan.arrivals = 13 * .hour..<14 * .hour
        let report = CellSimulation(plan).run()
        let others = report.usualWaits[WaitGroup.small.rawValue]
        let flood = report.usualWaits[WaitGroup.large.rawValue]
        #expect(others.count > 300 && flood.quantile(0.5) > .seconds(60))
        // The image in progress and the polls, no more.
        #expect(others.quantile(0.99) < .seconds(1) && others.longest < .seconds(5))
    }

    @Test func `No image is done twice for an outage, since the leader waits for a lease`() {
        var plan = Self.plan(outage: 120)
        plan.deathsPerHour = 0
        let report = CellSimulation(plan).run()
        #expect(report.lapsedOfLiving == 0 && report.resultsLost == 0 && report.refused > 0)
        plan.timing.rescuePauses = false
        let hasty = CellSimulation(plan).run()
        #expect(hasty.lapsedOfLiving > 0 && hasty.resultsLost == hasty.lapsedOfLiving)
        #expect(hasty.done == report.done && hasty.quarantinedOtherwise == 0)
    }

    @Test func `What machines drop is done again`() {
        var plan = Self.plan(outage: 120)
        plan.deathsPerHour = 0
        plan.timing.outcomesKept = plan.timing.lease
        let report = CellSimulation(plan).run()
        #expect(report.resultsDropped > 0 && report.lapsedOfDead >= report.resultsDropped)
        #expect(report.unfinished == 0)
    }

    @Test func `Hints shorten the waits of machines that poll`() {
        var plan = Self.plan([2000, 2000])
        plan.sizes = JobSizes([.init(share: 1, sizes: 1...1)])
        let hinted = CellSimulation(plan).run().usualWaits[WaitGroup.small.rawValue]
        plan.timing.hints = nil
        let polled = CellSimulation(plan).run().usualWaits[WaitGroup.small.rawValue]
        #expect(hinted.quantile(0.5) < .seconds(0.1) && polled.quantile(0.5) > .seconds(0.2))
        #expect(polled.longest > hinted.quantile(0.5))
    }

    @Test func `Too few codecs leave a backlog that the report does not hide`() {
        var plan = Self.plan([200_000], outage: 120, machines: 1)
        plan.codecs = 1
        plan.patience = .seconds(600)
        let report = CellSimulation(plan).run()
        #expect(report.backlogGoneAfter == nil && report.unfinished > 0)
        #expect(report.done + report.unfinished <= report.arrived)
    }
}
