import JobModel

/// Finishes: from what codecs say to the rows.
extension CellSimulation {
    private static let storageFailed = ImageFailure(
        code: "storage_failed",
        detail: "The storage failed."
    )

    /// A codec has ended a batch, and takes the next one.
    func codecDone(_ machine: Int, _ life: Int, _ first: Int) {
        guard machines[machine].life == life else { return }
        var claim = first
        while claim >= 0 {
            queue.claims[claim].outcome = outcome(of: queue.claims[claim])
            machines[machine].outcomes.append(claim)
            claim = queue.claims[claim].next
        }
        machines[machine].freeCodecs += 1
        switch machines[machine].claiming {
        case .ready, .idle: askForWork(machine)
        case .asked: machines[machine].wantsClaim = true
        case .failed: break
        }
        gather(machine)
    }

    private func outcome(of claim: Claim) -> Claim.Outcome {
        // A lost claim's job may be gone, and its outcome does not count.
        guard claim.standing == .held else { return .protected }
        let job = queue.sent(claim)
        if !job.isSmall, isPoison(job, number: claim.number) { return .crashed }
        return random.unit() < plan.storageFaults ? .machineFailed : .protected
    }

    private func isPoison(_ job: SentJob, number: Int) -> Bool {
        let bits = SeededRandom.mixed(job.seed ^ UInt64(number) &* 0xff51_afd7_ed55_8ccd)
        return Double(bits >> 11) * 0x1p-53 < plan.poison
    }

    /// Sends outcomes once there are enough, and otherwise waits for more.
    private func gather(_ machine: Int) {
        guard !machines[machine].outcomes.isEmpty else {
            machines[machine].finishing = .ready
            return
        }
        switch machines[machine].finishing {
        case .ready where machines[machine].outcomes.count >= plan.timing.gatheredOutcomes,
            .gathering where machines[machine].outcomes.count >= plan.timing.gatheredOutcomes:
            sendOutcomes(machine)
        case .ready:
            machines[machine].finishing = .gathering
            setFinishTimer(machine, after: plan.timing.gathering)
        case .gathering, .asked, .failed: break
        }
    }

    private func setFinishTimer(_ machine: Int, after wait: Microseconds) {
        let life = machines[machine].life
        events.add(.finishTimer(machine: machine, life: life), at: now + wait)
    }

    /// Outcomes were gathered for long enough, or may be tried again.
    func finishTimer(_ machine: Int, _ life: Int) {
        guard machines[machine].life == life else { return }
        switch machines[machine].finishing {
        case .gathering, .failed: sendOutcomes(machine)
        case .ready, .asked: break
        }
    }

    private func sendOutcomes(_ machine: Int) {
        machines[machine].finishing = .asked
        machines[machine].sent = min(
            machines[machine].outcomes.count,
            plan.timing.gatheredOutcomes
        )
        ask(.finish(machine: machine, life: machines[machine].life))
    }

    /// Ends claims in the database.
    func executeFinish(of machine: Int) {
        for claim in machines[machine].outcomes.prefix(machines[machine].sent) {
            let event: ImageEvent
            switch queue.claims[claim].outcome {
            case .atWork, .protected: event = .protected
            case .crashed: event = .crashed
            case .machineFailed:
                event = .machineFailed(Self.storageFailed, jitter: random.unit())
            }
            count(queue.end(claim, event, byWorker: true))
        }
    }

    /// Counts what became of an image.
    func count(_ effect: SimulatedQueue.Effect) {
        switch effect {
        case .done(let job, let cameAlone, let claimedAt):
            report.done += 1
            countWait(job, isSingle: cameAlone && job.images == 1, claimedAt: claimedAt)
        case .failed: report.failed += 1
        case .quarantined(let failure):
            if failure == .quarantined {
                report.quarantinedByCodecs += 1
            } else {
                report.quarantinedOtherwise += 1
            }
        case .delayed(let image, let delay):
            let (seconds, attoseconds) = delay.components
            let span = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
            events.add(.delayEnded(image), at: now + span)
        case .lost: report.resultsLost += 1
        case .returned, .repeated: break
        }
    }

    private func countWait(_ job: SentJob, isSingle: Bool, claimedAt: Microseconds) {
        let wait = claimedAt - job.sentAt
        let group: WaitGroup =
            switch classes[job.tenant] {
            case .small: .small
            case .medium: .medium
            case .large: .large
            }
        let groups = group == .small && isSingle ? [.smallSingle, group] : [group]
        let isOfOutage = measures.isOfOutage(sentAt: job.sentAt, claimedAt: claimedAt)
        for group in groups {
            if isOfOutage {
                report.outageWaits[group.rawValue].add(wait)
            } else {
                report.usualWaits[group.rawValue].add(wait)
            }
        }
    }

    /// The database took what was sent.
    func finishAnswered(_ machine: Int) {
        removeSent(machine)
        machines[machine].finishing = .ready
        machines[machine].finishFaultDelay = plan.timing.firstFaultDelay
        machines[machine].finishFailedSince = nil
        gather(machine)
    }

    private func removeSent(_ machine: Int) {
        for claim in machines[machine].outcomes.prefix(machines[machine].sent) {
            letGo(claim)
            queue.claims.remove(claim)
        }
        machines[machine].outcomes.removeFirst(machines[machine].sent)
        machines[machine].sent = 0
    }

    /// Waits, and sends the outcomes again, unless they were kept for too long.
    func finishFailed(_ machine: Int) {
        let since = machines[machine].finishFailedSince ?? now
        machines[machine].finishFailedSince = since
        if let kept = plan.timing.outcomesKept, now - since >= kept { drop(machine) }
        machines[machine].finishing = .failed
        setFinishTimer(machine, after: machines[machine].finishFaultDelay)
        machines[machine].finishFaultDelay = min(
            machines[machine].finishFaultDelay * 2,
            plan.timing.lastFaultDelay
        )
    }

    /// Gives up outcomes; their leases run out.
    private func drop(_ machine: Int) {
        report.resultsDropped += machines[machine].outcomes.count
        for claim in machines[machine].outcomes {
            letGo(claim)
            leaveToRescue(claim)
        }
        machines[machine].outcomes = []
        machines[machine].sent = 0
    }

    /// Leaves a claim that nobody will end, unless it has ended.
    func leaveToRescue(_ claim: Int) {
        if queue.claims[claim].standing == .held {
            orphans.append(claim)
        } else {
            queue.claims.remove(claim)
        }
    }
}
