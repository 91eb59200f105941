import JobModel

/// The lives of machines, and the leader who looks after what dead ones have left.
extension CellSimulation {
    /// A machine begins to ask, to send heartbeats, and to age.
    func start(_ machine: Int) {
        let life = machines[machine].life
        machines[machine].claiming = .idle
        machines[machine].claimTimer += 1
        let timer = machines[machine].claimTimer
        let first = Double(plan.timing.firstPoll)
        events.add(
            .claimTimer(machine: machine, timer: timer),
            at: now + Microseconds(first * random.unit())
        )
        let beat = Double(plan.timing.heartbeat) * random.unit()
        events.add(.heartbeat(machine: machine, life: life), at: now + Microseconds(beat))
        guard plan.deathsPerHour > 0 else { return }
        let rate = plan.deathsPerHour / Microseconds.hour.inSeconds
        events.add(.death(machine: machine, life: life), at: now + random.pause(rate: rate))
    }

    /// All that a machine had is gone, and its rows stay until their leases run out.
    func die(_ machine: Int, _ life: Int) {
        guard machines[machine].life == life, now < plan.arrivals.upperBound else { return }
        report.deaths += 1
        for claim in machines[machine].held { leaveToRescue(claim) }
        var dead = Machine(codecs: plan.codecs, timing: plan.timing)
        dead.life = life + 1
        dead.claimTimer = machines[machine].claimTimer + 1
        dead.isAlive = false
        machines[machine] = dead
        events.add(.replacement(machine: machine), at: now + plan.timing.replacement)
    }

    /// Another machine takes the place of a dead one.
    func replace(_ machine: Int) {
        machines[machine].isAlive = true
        start(machine)
    }

    /// A machine extends its leases; if the database is away, it tries again at the next beat.
    func heartbeat(_ machine: Int, _ life: Int) {
        guard machines[machine].life == life, machines[machine].isAlive else { return }
        if !machines[machine].held.isEmpty { ask(.heartbeat(machine: machine, life: life)) }
        events.add(.heartbeat(machine: machine, life: life), at: now + plan.timing.heartbeat)
    }

    /// Extends the leases of a machine in the database.
    ///
    /// - Returns: How many claims it holds.
    func executeHeartbeat(of machine: Int) -> Int {
        for claim in machines[machine].held where queue.claims[claim].standing == .held {
            queue.claims[claim].leaseUntil = now + plan.timing.lease
        }
        return machines[machine].held.count
    }

    /// Takes back the leases that ran out, unless the database was away a lease ago.
    ///
    /// - Returns: How many.
    func executeRescue() -> Int {
        let from = rescueFrom ?? now + (plan.timing.rescuePauses ? plan.timing.lease : 0)
        rescueFrom = from
        guard now >= from else { return 0 }
        var count = 0
        orphans.removeAll { claim in
            guard queue.claims[claim].leaseUntil <= now else { return false }
            self.count(queue.end(claim, .interrupted, byWorker: false))
            queue.claims.remove(claim)
            count += 1
            return true
        }
        report.lapsedOfDead += count
        for machine in machines.indices {
            for claim in machines[machine].held
            where queue.claims[claim].standing == .held && queue.claims[claim].leaseUntil <= now {
                self.count(queue.end(claim, .interrupted, byWorker: false))
                report.lapsedOfLiving += 1
                count += 1
            }
        }
        return count
    }
}
