import HTTPWire
import JobModel
import Operations
import Queue

/// Computes the events for one client from the progress of a job and from what was sent before.
struct JobEventFeed {
    /// The most images per query of the store, and so per write to the stream.
    static let maxImages = 100

    private struct Snapshot: Equatable {
        let state: JobState
        let counts: JobCounts
    }

    /// The position after the last event sent.
    private(set) var cursor: EventCursor
    private var lastSent: Snapshot?

    /// Continues after a position.
    init(after cursor: EventCursor) {
        self.cursor = cursor
    }

    /// Whether the event `end` was sent; no event follows it.
    private(set) var hasEnded = false

    /// Returns the events that are due.
    ///
    /// These are `job` if the state or the counts have changed, `image` for every image that has
    /// ended, and `end` after all others.
    ///
    /// - Parameter progress: The job's progress, with at most ``maxImages`` images that ended after
    ///   ``cursor``.
    /// - Returns: The events in order, and whether more are due immediately.
    /// - Throws: An error if a document cannot be encoded as JSON.
    mutating func events(
        of progress: JobProgress
    ) throws -> (events: [ServerSentEvent], hasMore: Bool) {
        // A database that lost its last moments has forgotten endings that were told. What it has now
        // counts, so the client hears all of it.
        if cursor.ending > progress.lastEnding {
            cursor = .start
            return ([], true)
        }
        var events: [ServerSentEvent] = []
        let snapshot = Snapshot(state: progress.job.state, counts: progress.job.counts)
        if snapshot != lastSent {
            events.append(
                ServerSentEvent(
                    name: "job",
                    data: try JSONDocument.line(JobEventDocument(progress.job, reason: nil))
                )
            )
            lastSent = snapshot
        }
        for ended in progress.ended {
            cursor = EventCursor(ending: ended.ending, hasEnd: false)
            let document = ImageEventDocument(
                ended.image,
                in: progress.job.settings.output.format
            )
            events.append(
                ServerSentEvent(
                    name: "image",
                    data: try JSONDocument.line(document),
                    id: cursor.description
                )
            )
        }
        let hasMore = progress.ended.count >= Self.maxImages
        if progress.job.state.isTerminal, !hasMore {
            // Skip the endings that images lost when they were retried.
            cursor = EventCursor(ending: progress.lastEnding, hasEnd: true)
            hasEnded = true
            let document = JobEventDocument(progress.job, reason: .finished)
            events.append(
                ServerSentEvent(
                    name: "end",
                    data: try JSONDocument.line(document),
                    id: cursor.description
                )
            )
        }
        return (events, hasMore)
    }

    /// Returns the event `end` for a job that no longer exists.
    static func erased(_ id: JobIdentifier) throws -> ServerSentEvent {
        ServerSentEvent(name: "end", data: try JSONDocument.line(ErasedEventDocument(id: id)))
    }
}

/// The data of the events `job` and `end`.
struct JobEventDocument: Encodable {
    /// Why a stream ends.
    enum Reason: String, Encodable {
        /// Every image has ended.
        case finished
        /// The job and its files are gone.
        case erased
    }

    let id: JobIdentifier
    let state: JobState
    let counts: JobDocument.Counts
    let reason: Reason?

    init(_ job: Job, reason: Reason?) {
        id = job.id
        state = job.state
        counts = JobDocument.Counts(job.counts)
        self.reason = reason
    }
}

/// The data of the event `end` for an erased job.
struct ErasedEventDocument: Encodable {
    let id: JobIdentifier
    let reason = JobEventDocument.Reason.erased
}

/// The data of the event `image`: an entry of the list of images, with a short report.
struct ImageEventDocument: Encodable {
    /// The figures that show at a glance whether a picture is normal; the full report has the rest.
    struct ShortReport: Encodable {
        let width, height, linf: Int
        let psnr: Double?
        let ssim: Double
    }

    let number: Int
    let name: String
    let source: String?
    let `class`: ClassLabel?
    let file: String?
    let state: ImageState
    let error: ImageFailure?
    let report: ShortReport?

    init(_ image: JobImage, in format: OutputFormat) {
        let listed = ImageDocument(image, in: format)
        (number, name, source, file) = (listed.number, listed.name, listed.source, listed.file)
        self.class = listed.class
        state = listed.state
        error = listed.error
        report = listed.report.map { report in
            ShortReport(
                width: report.width,
                height: report.height,
                linf: report.maxAbsoluteDifference,
                psnr: report.psnr.isFinite ? report.psnr : nil,
                ssim: report.ssim
            )
        }
    }
}
