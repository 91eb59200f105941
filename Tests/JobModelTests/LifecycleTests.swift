import Testing

@testable import JobModel

@Suite struct LifecycleTests {
    @Test func `Images take exactly the drawn steps`() {
        let legal: Set<String> = [
            "queued>running", "queued>cancelled", "running>queued", "running>done",
            "running>failed", "running>quarantined", "running>cancelled", "failed>queued",
            "quarantined>queued",
        ]
        for old in ImageState.allCases {
            for new in ImageState.allCases {
                #expect(old.canBecome(new) == legal.contains("\(old.rawValue)>\(new.rawValue)"))
            }
        }
    }

    @Test func `A job's state follows from its counts`() {
        #expect(JobCounts(queued: 3).state == .queued)
        #expect(JobCounts(queued: 2, running: 1).state == .running)
        #expect(JobCounts(queued: 2, done: 1).state == .running)
        #expect(JobCounts(queued: 2, failed: 1).state == .running)
        #expect(JobCounts(running: 1, done: 5).state == .running)
        #expect(JobCounts(done: 1, failed: 4, quarantined: 1).state == .done)
        #expect(JobCounts(failed: 4, quarantined: 1).state == .failed)
        #expect(JobCounts(failed: 4, cancelled: 1).state == .cancelled)
        #expect(JobCounts(done: 1, cancelled: 9).state == .done)
    }

    /// Checks that every legal transition of an image is legal for its job, or leaves its state.
    @Test func `Legal steps of images make legal steps of jobs`() {
        for bits in 0..<(1 << 12) {
            var counts = JobCounts()
            for (place, state) in ImageState.allCases.enumerated() {
                counts[state] = bits >> (2 * place) & 3
            }
            for old in ImageState.allCases where counts[old] > 0 {
                for new in ImageState.allCases where old.canBecome(new) {
                    var next = counts
                    let moved = next.move(from: old, to: new)
                    #expect(moved)
                    #expect(next.total == counts.total)
                    #expect(
                        counts.state == next.state || counts.state.canBecome(next.state),
                        "\(counts) to \(next): \(counts.state) to \(next.state)"
                    )
                }
            }
        }
    }

    @Test func `Jobs take exactly the drawn steps`() {
        let legal: Set<String> = [
            "queued>running", "queued>cancelled", "running>queued", "running>done",
            "running>failed", "running>cancelled", "done>running", "failed>queued",
            "failed>running", "cancelled>running",
        ]
        for old in JobState.allCases {
            for new in JobState.allCases {
                #expect(old.canBecome(new) == legal.contains("\(old.rawValue)>\(new.rawValue)"))
            }
        }
    }

    @Test func `Counts refuse a step that is illegal or that more images take than there are`() {
        for old in ImageState.allCases {
            for new in ImageState.allCases {
                var counts = JobCounts()
                counts[old] = 2
                let before = counts
                let refused = [
                    counts.move(3, from: old, to: new), counts.move(-1, from: old, to: new),
                ]
                #expect(refused == [false, false] && counts == before)
                let moved = counts.move(2, from: old, to: new)
                #expect(moved == old.canBecome(new))
                #expect(moved ? counts[new] == 2 && counts.total == 2 : counts == before)
            }
        }
    }

    @Test func `Terminal states are those without a claim to come`() {
        #expect(ImageState.allCases.filter { !$0.isTerminal } == [.queued, .running])
        #expect(JobState.allCases.filter { !$0.isTerminal } == [.queued, .running])
    }

    @Test func `Errors back off by doubling, with a ceiling, and end after five`() {
        let rule = RetryRule()
        #expect(
            (1...5).map { rule.afterError(errors: $0, jitter: 0) } == [
                .retry(after: .seconds(1)), .retry(after: .seconds(2)), .retry(after: .seconds(4)),
                .retry(after: .seconds(8)),
                .fail,
            ]
        )
        #expect(rule.afterError(errors: 1, jitter: 1) == .retry(after: .milliseconds(1100)))
        var patient = rule
        patient.maxErrors = .max
        #expect(patient.afterError(errors: 1000, jitter: 0) == .retry(after: .seconds(60)))
    }

    @Test func `The second crash and the fifth interruption set an image aside`() {
        let rule = RetryRule()
        #expect(rule.afterCrash(crashes: 1) == .retry(after: .zero))
        #expect(rule.afterCrash(crashes: 2) == .quarantine)
        #expect(rule.afterInterruption(interruptions: 4) == .retry(after: .zero))
        #expect(rule.afterInterruption(interruptions: 5) == .quarantine)
    }

    @Test func `Identifiers are read only in their own form`() {
        let job = JobIdentifier.random()
        #expect(job.text.utf8.count == 30)
        #expect(JobIdentifier(job.text) == job)
        #expect(APIKeyID(job.text) == nil)
        #expect(JobIdentifier("") == nil)
        #expect(JobIdentifier(job.text + "0") == nil)
        #expect(JobIdentifier(job.text.uppercased()) == nil)
        #expect(JobIdentifier("job_" + String(repeating: "u", count: 26)) == nil)
        #expect(Set((0..<1000).map { _ in JobIdentifier.random() }).count == 1000)
    }

    @Test func `Owners have parts that cannot be confused`() {
        #expect(
            WorkerOwner(instance: "host-1", run: "r_2", worker: 3)?.description == "host-1/r_2/3"
        )
        for bad in ["", "a/b", "a b", "é", String(repeating: "x", count: 65)] {
            #expect(WorkerOwner(instance: bad, run: "r", worker: 0) == nil)
            #expect(WorkerOwner(instance: "i", run: bad, worker: 0) == nil)
        }
        #expect(WorkerOwner(instance: "i", run: "r", worker: -1) == nil)
    }
}
