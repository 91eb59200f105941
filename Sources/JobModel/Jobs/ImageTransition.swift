/// The effect of an event on an image: its new state and what must be recorded or done.
///
/// Only ``RetryRule/transition(of:after:on:)`` creates transitions, and only those that
/// ``ImageState/canBecome(_:)`` allows.
public struct ImageTransition: Sendable, Hashable {
    /// The state before the event.
    public let old: ImageState
    /// The state after the event.
    public let new: ImageState
    /// The fault counts after the event.
    public let faults: ImageFaults
    /// How long a queued image waits before it may be claimed; zero in other states.
    public let delay: Duration
    /// Why the image failed or was quarantined; `nil` in other states.
    public let failure: ImageFailure?

    fileprivate init?(
        from old: ImageState,
        to new: ImageState,
        faults: ImageFaults,
        delay: Duration = .zero,
        failure: ImageFailure? = nil
    ) {
        guard old.canBecome(new) else { return nil }
        self.old = old
        self.new = new
        self.faults = faults
        self.delay = delay
        self.failure = failure
    }

    /// Whether a worker now holds the image.
    public var takesLease: Bool { new == .running }

    /// Whether the worker that held the image must stop working on it.
    public var endsLease: Bool { old == .running }

    /// Whether the image ends here, so that the time is recorded.
    public var isTerminal: Bool { new.isTerminal }

    /// Whether to wake idle workers.
    public var wakesWorkers: Bool { new == .queued }
}

extension RetryRule {
    /// Returns the effect of an event on an image.
    ///
    /// - Parameters:
    ///   - state: The image's state.
    ///   - faults: The faults that the image has had so far.
    ///   - event: The event.
    /// - Returns: The transition; `nil` if the event is impossible in this state, which then stays.
    public func transition(
        of state: ImageState,
        after faults: ImageFaults,
        on event: ImageEvent
    ) -> ImageTransition? {
        switch (state, event) {
        case (.queued, .claimed):
            return ImageTransition(from: state, to: .running, faults: faults)
        case (.running, .protected):
            return ImageTransition(from: state, to: .done, faults: faults)
        case (.running, .refused(let failure)):
            return ImageTransition(from: state, to: .failed, faults: faults, failure: failure)
        case (.running, .machineFailed(let failure, let jitter)):
            var faults = faults
            faults.errors += 1
            return follow(
                afterError(errors: faults.errors, jitter: jitter),
                from: state,
                faults,
                failure
            )
        case (.running, .crashed):
            var faults = faults
            faults.crashes += 1
            return follow(afterCrash(crashes: faults.crashes), from: state, faults, .quarantined)
        case (.running, .interrupted):
            var faults = faults
            faults.interruptions += 1
            return follow(
                afterInterruption(interruptions: faults.interruptions),
                from: state,
                faults,
                .interrupted
            )
        case (.running, .released):
            return ImageTransition(from: state, to: .queued, faults: faults)
        case (.queued, .cancelled), (.running, .cancelled):
            return ImageTransition(from: state, to: .cancelled, faults: faults)
        case (.failed, .retried), (.quarantined, .retried):
            return ImageTransition(from: state, to: .queued, faults: ImageFaults())
        case (.queued, _), (.running, _), (.done, _), (.failed, _), (.quarantined, _),
            (.cancelled, _):
            return nil
        }
    }

    private func follow(
        _ verdict: Verdict,
        from state: ImageState,
        _ faults: ImageFaults,
        _ failure: ImageFailure
    ) -> ImageTransition? {
        switch verdict {
        case .retry(let delay):
            ImageTransition(from: state, to: .queued, faults: faults, delay: delay)
        case .fail: ImageTransition(from: state, to: .failed, faults: faults, failure: failure)
        case .quarantine:
            ImageTransition(from: state, to: .quarantined, faults: faults, failure: failure)
        }
    }
}
