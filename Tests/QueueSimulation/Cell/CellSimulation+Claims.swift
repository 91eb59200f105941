/// Claims: from free codecs to codecs at work.
extension CellSimulation {
    /// Asks for as many images or batches as codecs are free.
    func askForWork(_ machine: Int) {
        machines[machine].claiming = .asked
        machines[machine].wantsClaim = false
        machines[machine].claimTimer += 1
        ask(.claim(machine: machine, life: machines[machine].life))
    }

    /// Claims in the database, for all codecs that are free by now.
    ///
    /// - Returns: How many images.
    func executeClaim(of machine: Int) -> Int {
        machines[machine].wantsClaim = false
        var taken: [Int] = []
        let images = queue.claim(
            slots: machines[machine].freeCodecs,
            machine: machine,
            now: now,
            lease: plan.timing.lease,
            into: &taken
        )
        for first in taken {
            var claim = first
            while claim >= 0 {
                hold(claim, by: machine)
                claim = queue.claims[claim].next
            }
        }
        report.claims += images
        machines[machine].answer = taken
        return images
    }

    /// Hands what was claimed to codecs.
    func claimAnswered(_ machine: Int) {
        let taken = machines[machine].answer
        machines[machine].answer = []
        machines[machine].claiming = .ready
        machines[machine].claimFaultDelay = plan.timing.firstFaultDelay
        if !taken.isEmpty { machines[machine].idleDelay = plan.timing.firstPoll }
        for claim in taken { work(on: claim, machine) }
        guard machines[machine].freeCodecs > 0 else { return }
        if machines[machine].wantsClaim { return askForWork(machine) }
        machines[machine].claiming = .idle
        let spread = plan.timing.pollSpread
        let wait =
            Double(machines[machine].idleDelay) * random.between(1 - spread, 1 + spread)
        setClaimTimer(machine, after: Microseconds(wait))
        machines[machine].idleDelay = min(machines[machine].idleDelay * 2, plan.timing.lastPoll)
    }

    private func work(on first: Int, _ machine: Int) {
        machines[machine].freeCodecs -= 1
        var seconds = 0.0
        var claim = first
        while claim >= 0 {
            let spread = random.between(1 - plan.mix.spread, 1 + plan.mix.spread)
            let isSmall = queue.sent(queue.claims[claim]).isSmall
            seconds +=
                spread
                * plan.mix.seconds(isSmall: isSmall, pixels: queue.claims[claim].pixels)
            claim = queue.claims[claim].next
        }
        measures.codecWorked(now, seconds)
        events.add(
            .codecDone(machine: machine, life: machines[machine].life, claim: first),
            at: now + .seconds(seconds)
        )
    }

    /// Waits, and asks again.
    func claimFailed(_ machine: Int) {
        machines[machine].claiming = .failed
        setClaimTimer(machine, after: machines[machine].claimFaultDelay)
        machines[machine].claimFaultDelay = min(
            machines[machine].claimFaultDelay * 2,
            plan.timing.lastFaultDelay
        )
    }

    /// The claims were made, but their machine does not learn of them.
    func loseAnswer(of machine: Int) {
        for first in machines[machine].answer {
            var claim = first
            while claim >= 0 {
                letGo(claim)
                orphans.append(claim)
                claim = queue.claims[claim].next
            }
        }
        machines[machine].answer = []
    }

    private func setClaimTimer(_ machine: Int, after wait: Microseconds) {
        machines[machine].claimTimer += 1
        let timer = machines[machine].claimTimer
        events.add(.claimTimer(machine: machine, timer: timer), at: now + wait)
    }

    /// The wait of an idle machine, or of one whose claim failed, is over.
    func claimTimer(_ machine: Int, _ timer: Int) {
        guard machines[machine].isAlive, machines[machine].claimTimer == timer else { return }
        askForWork(machine)
    }

    /// Adds a claim to those of its machine.
    private func hold(_ claim: Int, by machine: Int) {
        queue.claims[claim].place = machines[machine].held.count
        machines[machine].held.append(claim)
    }

    /// Removes a claim from those of its machine.
    func letGo(_ claim: Int) {
        let (machine, place) = (queue.claims[claim].machine, queue.claims[claim].place)
        guard let last = machines[machine].held.popLast() else { return }
        if place < machines[machine].held.count {
            machines[machine].held[place] = last
            queue.claims[last].place = place
        }
    }
}
