/// Clients and their jobs.
extension CellSimulation {
    /// Plans the next job, if it comes in time.
    func planArrival() {
        nextJob = arrivals.next(after: now)
        guard let job = nextJob, job.sentAt < plan.arrivals.upperBound else {
            nextJob = nil
            return
        }
        events.add(.arrival, at: job.sentAt)
    }

    /// A client sends the next job.
    func arrive() {
        guard let job = nextJob else { return }
        report.jobs += 1
        ask(.create(job: sent.add((job, 0))))
        planArrival()
    }

    /// Plans a hint that there is work, unless one is planned.
    func planHint(server: Int) {
        guard let interval = plan.timing.hints, hinted[server] <= now else { return }
        let moment = max(now, hinted[server] + interval)
        hinted[server] = moment
        events.add(.hint(server: server), at: moment)
    }

    /// Lets machines ask for work that have nothing to do.
    func wakeIdleMachines() {
        for machine in machines.indices where machines[machine].isAlive {
            if case .idle = machines[machine].claiming { askForWork(machine) }
        }
    }

    /// The client waits and sends its job again: after a random part of a span that doubles.
    func refuse(job: Int) {
        sent[job].tries += 1
        let span = Microseconds.seconds(1) << Int64(min(sent[job].tries - 1, 20))
        let wait = Double(min(span, plan.timing.lastClientDelay)) * random.unit()
        events.add(.sentAgain(job: job), at: now + max(Microseconds(wait), 1000))
    }
}
