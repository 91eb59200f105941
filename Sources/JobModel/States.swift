/// What an image is at; ``RetryRule/transition(of:after:on:)`` decides which event makes which step.
///
///     queued ──claim──> running ──> done
///       ^                  ├──────> failed
///       │                  ├──────> quarantined
///       ├──retry, release──┘
///       └── failed, quarantined (when asked to try again)
///     queued, running ──> cancelled
public enum ImageState: String, Codable, Sendable, CaseIterable {
    /// Waiting, perhaps until a set time, for somebody to claim it.
    case queued
    /// Leased to a worker.
    case running
    /// Protected; the output and its report exist.
    case done
    /// Not protectable, or given up after too many attempts.
    case failed
    /// Set aside because it ended its process twice.
    case quarantined
    /// Stopped on request.
    case cancelled

    /// Whether the image is finished for good, unless someone asks for it again.
    public var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .done, .failed, .quarantined, .cancelled: true
        }
    }

    /// Whether the step from this state to another one is legal.
    public func canBecome(_ next: ImageState) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.queued, .cancelled): true
        case (.running, .queued), (.running, .done), (.running, .failed), (.running, .quarantined),
            (.running, .cancelled):
            true
        case (.failed, .queued), (.quarantined, .queued): true
        case (.queued, _), (.running, _), (.done, _), (.failed, _), (.quarantined, _),
            (.cancelled, _):
            false
        }
    }
}

/// What a job is at; it follows from its images, see ``JobCounts/state``.
public enum JobState: String, Codable, Sendable, CaseIterable {
    /// No image has been claimed or finished.
    case queued
    /// Some image is claimed or finished, and some is not finished.
    case running
    /// Every image is terminal and at least one is protected.
    case done
    /// Every image is terminal and none is protected.
    case failed
    /// Every image is terminal, none is protected, and at least one was cancelled.
    case cancelled

    /// Whether nothing more happens to the job by itself.
    public var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .done, .failed, .cancelled: true
        }
    }

    /// Whether the step from this state to another one is legal.
    ///
    /// A running job is queued again when its only claim is released; a finished one when its failed images are asked for again.
    public func canBecome(_ next: JobState) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.queued, .cancelled): true
        case (.running, .queued), (.running, .done), (.running, .failed), (.running, .cancelled):
            true
        case (.done, .running), (.failed, .queued), (.failed, .running), (.cancelled, .running):
            true
        case (.queued, _), (.running, _), (.done, _), (.failed, _), (.cancelled, _): false
        }
    }
}
