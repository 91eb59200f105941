/// The state of an image; ``RetryRule/transition(of:after:on:)`` maps events to transitions.
///
///     queued ──claim──> running ──> done
///       ^                  ├──────> failed
///       │                  ├──────> quarantined
///       ├──retry, release──┘
///       └── failed, quarantined (when asked to try again)
///     queued, running ──> cancelled
public enum ImageState: String, Codable, Sendable, CaseIterable {
    /// Waiting for a worker, perhaps until a set time.
    case queued
    /// Leased to a worker.
    case running
    /// Protected; the picture and its report exist.
    case done
    /// Impossible to protect, or given up after too many attempts.
    case failed
    /// Set aside because the process or the service died repeatedly while working on it.
    case quarantined
    /// Cancelled on request.
    case cancelled

    /// Whether the image is finished, unless somebody asks to try it again.
    public var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .done, .failed, .quarantined, .cancelled: true
        }
    }

    /// Whether the transition from this state to another is legal.
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

/// The state of a job, derived from its images; see ``JobCounts/state``.
public enum JobState: String, Codable, Sendable, CaseIterable {
    /// No image has been claimed or finished.
    case queued
    /// Some images are claimed or finished, and some are not finished.
    case running
    /// Every image is finished, and at least one is protected.
    case done
    /// Every image is finished, none is protected, and none was cancelled.
    case failed
    /// Every image is finished, none is protected, and at least one was cancelled.
    case cancelled

    /// Whether the job stays in this state without further requests.
    public var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .done, .failed, .cancelled: true
        }
    }

    /// Whether the transition from this state to another is legal.
    ///
    /// A running job becomes queued when its only claim is released. A finished job becomes queued
    /// or running when somebody asks to try its failed images again.
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
