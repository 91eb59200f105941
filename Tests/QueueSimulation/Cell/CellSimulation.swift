import JobModel

/// A cell on a virtual clock: clients, a database, machines with codecs, and a leader.
///
///     clients ──create──> database <──claim, heartbeat, finish── machines ──> codecs
///                            ^── look for lapsed leases ── leader
///
/// It does no I/O and knows no other clock. Equal plans give equal reports.
package final class CellSimulation {
    let plan: CellPlan
    var events = EventHeap<CellEvent>()
    var now: Microseconds = 0
    var report = CellReport()

    var queue: SimulatedQueue
    var database = DatabaseQueue()
    var machines: [Machine]
    /// The claims of machines that died, which nobody will end.
    var orphans: [Int] = []
    let classes: [TenantClass]

    var arrivals: Arrivals
    var nextJob: SentJob?
    /// The jobs that the database has not taken yet, with the number of tries.
    var sent = Pool<(job: SentJob, tries: Int)>()
    var random: SeededRandom

    /// The moment before which a server sends no hint; in the future if one is planned.
    var hinted: [Microseconds]
    /// When the leader may take back leases; `nil` if it has not seen the database yet.
    var rescueFrom: Microseconds? = 0
    var measures: Measures

    /// Prepares a cell.
    package init(_ plan: CellPlan) {
        self.plan = plan
        random = SeededRandom(seed: plan.seed, part: 1)
        queue = SimulatedQueue(tenants: plan.loads.count, mix: plan.mix)
        machines = (0..<plan.machines).map { _ in Machine(codecs: plan.codecs, timing: plan.timing)
        }
        classes = plan.loads.map(TenantClass.init(imagesPerDay:))
        arrivals = Arrivals(
            loads: plan.loads,
            sizes: plan.sizes,
            mix: plan.mix,
            curve: plan.curve,
            random: SeededRandom(seed: plan.seed, part: 2)
        )
        measures = Measures(plan)
        hinted = [Microseconds](repeating: .min / 2, count: max(plan.servers.count, 1))
    }

    /// Lets the cell live until all its images have ended.
    ///
    /// - Returns: What happened. Images that have not ended by ``CellPlan/patience`` are
    ///   ``CellReport/unfinished``.
    package func run() -> CellReport {
        begin()
        let end = plan.arrivals.upperBound + plan.patience
        while let (time, event) = events.next(), time < end {
            now = time
            report.events += 1
            handle(event)
            if isOver { break }
        }
        report.arrived = queue.arrived
        report.unfinished = queue.unfinished
        report.seconds = (now - plan.arrivals.lowerBound).inSeconds
        measures.complete(&report)
        return report
    }

    /// Whether every image that will ever come has ended, and every claim with it.
    private var isOver: Bool {
        nextJob == nil && queue.unfinished == 0 && sent.count == 0 && queue.claims.count == 0
            && now >= plan.arrivals.upperBound
    }

    private func begin() {
        now = plan.arrivals.lowerBound
        for machine in machines.indices { start(machine) }
        planArrival()
        events.add(.rescue, at: now + plan.timing.lease / 2)
        if plan.servers.count > 0 { events.add(.look, at: now) }
        events.add(.second, at: now + .seconds(1))
        if let outage = plan.outage, outage.span > 0 {
            events.add(.outageBegins, at: outage.from)
            events.add(.outageEnds, at: outage.from + outage.span)
        }
    }

    private func handle(_ event: CellEvent) {
        switch event {
        case .arrival: arrive()
        case .sentAgain(let job): ask(.create(job: job))
        case .answered(let life): answered(life: life)
        case .codecDone(let machine, let life, let claim): codecDone(machine, life, claim)
        case .claimTimer(let machine, let timer): claimTimer(machine, timer)
        case .finishTimer(let machine, let life): finishTimer(machine, life)
        case .heartbeat(let machine, let life): heartbeat(machine, life)
        case .death(let machine, let life): die(machine, life)
        case .replacement(let machine): replace(machine)
        case .delayEnded(let image): queue.endDelay(image)
        case .rescue:
            ask(.rescue)
            events.add(.rescue, at: now + plan.timing.lease / 2)
        case .look:
            ask(.look)
            let rate = Double(plan.servers.count) * plan.servers.looksPerSecond
            events.add(.look, at: now + .seconds(1 / rate))
        case .second:
            measures.second(now, queued: queue.queued, away: sent.count)
            events.add(.second, at: now + .seconds(1))
        case .hint(let server): ask(.hint(server: server))
        case .outageBegins: outageBegins()
        case .outageEnds: database.isUp = true
        }
    }
}
