/// What an event makes of an image: its new state and everything that is to be written down or done with it.
///
/// There is no other way to one than ``RetryRule/transition(of:after:on:)``, and none that ``ImageState/canBecome(_:)`` forbids.
public struct ImageTransition: Sendable, Hashable {
    /// The state before.
    public let old: ImageState
    /// The state after.
    public let new: ImageState
    /// The counts of faults after.
    public let faults: ImageFaults
    /// How long a queued image waits before it may be claimed; zero for any other.
    public let delay: Duration
    /// Why it failed or was set aside; `nil` for any other state.
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

    /// Whether a worker holds the image from now on.
    public var takesLease: Bool { new == .running }

    /// Whether a worker held the image until now, and must not work on it any longer.
    public var endsLease: Bool { old == .running }

    /// Whether the moment is to be noted as the image's end.
    public var isEnd: Bool { new.isTerminal }

    /// Whether workers that have nothing to do should look again.
    public var wakesWorkers: Bool { new == .queued }
}

extension RetryRule {
    /// Decides what an event makes of an image.
    ///
    /// - Parameters:
    ///   - state: What the image is at.
    ///   - faults: What went wrong with it before.
    ///   - event: What happens.
    /// - Returns: What becomes of it; `nil` if that cannot happen to an image in this state, which then stays as it is.
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
