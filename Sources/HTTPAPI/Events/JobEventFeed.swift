import HTTPWire
import JobModel
import Operations
import Queue

/// What one listener is told of a job: which events follow from how the job stands, given what was told before.
struct JobEventFeed {
    /// The most images in one look at the store, and so in one piece of the stream.
    static let maxImages = 100

    private struct Standing: Equatable {
        let state: JobState
        let counts: JobCounts
    }

    /// What the listener has been told.
    private(set) var cursor: EventCursor
    private var told: Standing?

    /// Begins after what a listener knows already.
    init(after cursor: EventCursor) {
        self.cursor = cursor
    }

    /// Whether the end has been told, so that nothing more follows.
    private(set) var hasEnded = false

    /// The events that are due: `job` if its state or counts are others than told, `image` for every image that ended, and `end` when
    /// all have been told.
    ///
    /// - Parameter progress: How the job stands, with at most ``maxImages`` images that ended after ``cursor``.
    /// - Returns: The events, in order, and whether more are due at once.
    /// - Throws: If a document cannot be written as JSON.
    mutating func events(
        of progress: JobProgress
    ) throws -> (events: [ServerSentEvent], hasMore: Bool) {
        var events: [ServerSentEvent] = []
        let standing = Standing(state: progress.job.state, counts: progress.job.counts)
        if standing != told {
            events.append(
                ServerSentEvent(
                    name: "job",
                    data: try JSONDocument.line(JobEventDocument(progress.job, reason: nil))
                )
            )
            told = standing
        }
        for ended in progress.ended {
            cursor = EventCursor(ending: ended.ending, hasEnd: false)
            let document = ImageEventDocument(ended.image)
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
            // Past images that were tried again and whose old endings nobody has any more.
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

    /// The end of a job that is no more.
    static func erased(_ id: JobIdentifier) throws -> ServerSentEvent {
        ServerSentEvent(name: "end", data: try JSONDocument.line(ErasedEventDocument(id: id)))
    }
}

/// The data of `job` and `end`.
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

/// The data of the `end` of a job that was erased.
struct ErasedEventDocument: Encodable {
    let id: JobIdentifier
    let reason = JobEventDocument.Reason.erased
}

/// The data of `image`: what the list of images has, with a short report.
struct ImageEventDocument: Encodable {
    /// What tells a good picture from a strange one at a glance; the rest is in the image's report.
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

    init(_ image: JobImage) {
        let listed = ImageDocument(image)
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
