import Testing

@testable import JobModel

@Suite struct ImageTransitionTests {
    private let rule = RetryRule()
    private static let failure = ImageFailure(
        code: "image_corrupt",
        detail: "The picture is broken."
    )

    /// Every kind of event.
    private static let events: [ImageEvent] = [
        .claimed, .protected, .refused(failure), .machineFailed(failure, jitter: 0), .crashed,
        .interrupted, .released, .cancelled, .retried,
    ]

    private static func name(_ event: ImageEvent) -> String {
        switch event {
        case .claimed: "claimed"
        case .protected: "protected"
        case .refused: "refused"
        case .machineFailed: "machineFailed"
        case .crashed: "crashed"
        case .interrupted: "interrupted"
        case .released: "released"
        case .cancelled: "cancelled"
        case .retried: "retried"
        }
    }

    /// Tests the state machine as drawn, for an image without faults and for one without tries
    /// left.
    @Test func `Every event in every state leads where it is drawn, or nowhere`() {
        let fresh = [
            "queued claimed running", "queued cancelled cancelled", "running protected done",
            "running refused failed", "running machineFailed queued", "running crashed queued",
            "running interrupted queued", "running released queued", "running cancelled cancelled",
            "failed retried queued", "quarantined retried queued",
        ]
        let exhausted = fresh.map { step in
            switch step {
            case "running machineFailed queued": "running machineFailed failed"
            case "running crashed queued": "running crashed quarantined"
            case "running interrupted queued": "running interrupted quarantined"
            default: step
            }
        }
        let records = [
            (ImageFaults(), fresh),
            (ImageFaults(errors: 4, crashes: 1, interruptions: 4), exhausted),
        ]
        for (faults, legal) in records {
            var seen: [String] = []
            for state in ImageState.allCases {
                for event in Self.events {
                    guard let transition = rule.transition(of: state, after: faults, on: event)
                    else { continue }
                    #expect(transition.old == state)
                    #expect(state.canBecome(transition.new))
                    seen.append("\(state.rawValue) \(Self.name(event)) \(transition.new.rawValue)")
                }
            }
            #expect(Set(seen) == Set(legal) && seen.count == legal.count)
        }
    }

    @Test func `Every step that is drawn is taken on some event`() {
        var taken: Set<[ImageState]> = []
        for state in ImageState.allCases {
            for event in Self.events {
                for faults in [
                    ImageFaults(), ImageFaults(errors: 4, crashes: 1, interruptions: 4),
                ] {
                    if let step = rule.transition(of: state, after: faults, on: event) {
                        taken.insert([step.old, step.new])
                    }
                }
            }
        }
        for old in ImageState.allCases {
            for new in ImageState.allCases {
                #expect(taken.contains([old, new]) == old.canBecome(new))
            }
        }
    }

    @Test func `What is to be written down and done follows from the states alone`() throws {
        for state in ImageState.allCases {
            for event in Self.events {
                guard
                    let step = rule.transition(of: state, after: ImageFaults(crashes: 1), on: event)
                else { continue }
                #expect(step.takesLease == (step.new == .running))
                #expect(step.endsLease == (step.old == .running))
                #expect(
                    step.isTerminal
                        == [.done, .failed, .quarantined, .cancelled].contains(step.new)
                )
                #expect(step.wakesWorkers == (step.new == .queued))
                #expect((step.failure != nil) == [.failed, .quarantined].contains(step.new))
            }
        }
    }

    @Test func `Each fault counts for itself, and only a fault of the machine makes an image wait`()
        throws
    {
        let before = ImageFaults(errors: 1, crashes: 0, interruptions: 2)
        func after(_ event: ImageEvent) throws -> ImageTransition {
            try #require(rule.transition(of: .running, after: before, on: event))
        }
        let failed = try after(.machineFailed(Self.failure, jitter: 0))
        #expect(
            failed.faults == ImageFaults(errors: 2, crashes: 0, interruptions: 2)
                && failed.delay == .seconds(2)
        )
        let crashed = try after(.crashed)
        #expect(
            crashed.faults == ImageFaults(errors: 1, crashes: 1, interruptions: 2)
                && crashed.delay == .zero
        )
        let interrupted = try after(.interrupted)
        #expect(
            interrupted.faults == ImageFaults(errors: 1, crashes: 0, interruptions: 3)
                && interrupted.delay == .zero
        )
        #expect(try after(.released).faults == before)
        #expect(try after(.cancelled).faults == before)
        let refused = try after(.refused(Self.failure))
        #expect(refused.failure == Self.failure && refused.faults == before)
    }

    @Test func `An image that is asked for again begins anew`() throws {
        let spent = ImageFaults(errors: 5, crashes: 2, interruptions: 5)
        for state in [ImageState.failed, .quarantined] {
            let step = try #require(rule.transition(of: state, after: spent, on: .retried))
            #expect(step.faults == ImageFaults() && step.failure == nil && step.delay == .zero)
        }
    }

    @Test func `The last fault says why`() throws {
        let spent = ImageFaults(errors: 4, crashes: 1, interruptions: 4)
        func failure(_ event: ImageEvent) -> ImageFailure? {
            rule.transition(of: .running, after: spent, on: event)?.failure
        }
        #expect(failure(.machineFailed(Self.failure, jitter: 0)) == Self.failure)
        #expect(failure(.crashed) == .quarantined)
        #expect(failure(.interrupted) == .interrupted)
    }
}
