import JobModel
import Operations
import Queue

/// A job as the API shows it.
struct JobDocument: Encodable {
    /// How many failed images a job names by itself; the rest is in the list of images.
    static let maxFailures = 100

    struct Counts: Encodable {
        let total, queued, running, done, failed, quarantined, cancelled: Int

        init(_ counts: JobCounts) {
            total = counts.total
            queued = counts.queued
            running = counts.running
            done = counts.done
            failed = counts.failed
            quarantined = counts.quarantined
            cancelled = counts.cancelled
        }
    }

    struct Links: Encodable {
        let `self`, events, images, archive: String
    }

    let id: JobIdentifier
    let state: JobState
    let settings: ProtectionSettings
    let priority: JobPriority
    let preview: Bool
    let recovery: Bool
    let counts: Counts
    let createdAt: String
    let startedAt: String?
    let finishedAt: String?
    let expiresAt: String?
    let etaSeconds: Int?
    let classes: [ClassCount]?
    let passedOver: PassedOver?
    let failures: [ImageDocument]?
    let links: Links

    /// Shows a job.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - failures: Its first failed images; `nil` for a list, where neither they nor the classes and what was passed over are shown.
    ///   - etaSeconds: How long it will take; `nil` if it has ended or nobody knows.
    init(_ job: Job, failures: [JobImage]?, etaSeconds: Int? = nil) {
        id = job.id
        state = job.state
        settings = job.settings
        priority = job.priority
        preview = job.attachments.previews
        recovery = job.attachments.recovery != nil
        counts = Counts(job.counts)
        createdAt = Timestamp.text(job.createdAt)
        startedAt = job.startedAt.map(Timestamp.text)
        finishedAt = job.finishedAt.map(Timestamp.text)
        expiresAt = job.expiresAt.map(Timestamp.text)
        self.etaSeconds = etaSeconds
        classes = failures == nil ? nil : job.classes
        passedOver = failures == nil ? nil : job.passedOver
        self.failures = failures?.map { ImageDocument($0) }
        let path = Self.path(of: job.id)
        links = Links(
            self: path,
            events: "\(path)/events",
            images: "\(path)/images",
            archive: "\(path)/archive.zip"
        )
    }

    /// The path of a job's resource.
    static func path(of id: JobIdentifier) -> String { "/v1/jobs/\(id)" }
}

/// An image as the API and the manifest show it.
struct ImageDocument: Encodable {
    let number: Int
    let name: String
    /// What its owner called its file.
    let source: String?
    /// Missing, as its place is, of an image that was refused for want of a class.
    let `class`: ClassLabel?
    let file: String?
    let state: ImageState
    let error: ImageFailure?
    let report: ProtectionReport?

    init(_ image: JobImage) {
        number = image.number
        name = Self.name(of: image)
        source = image.source
        self.class = image.label
        file = Self.file(of: image)
        state = image.state
        error = image.failure
        report = image.report
    }

    /// An image's name without its extension.
    static func name(of image: JobImage) -> String {
        image.fileName.hasSuffix(".png") ? String(image.fileName.dropLast(4)) : image.fileName
    }

    /// Where an image lies in the archive; nowhere without a class.
    static func file(of image: JobImage) -> String? {
        image.label.map { "\($0.folderName)/\(image.fileName)" }
    }
}

/// A page of jobs.
struct JobListDocument: Encodable {
    let jobs: [JobDocument]
    let nextCursor: String?
}

/// A page of images.
struct ImageListDocument: Encodable {
    let images: [ImageDocument]
    let nextCursor: String?
}

/// The list inside an archive.
///
/// It has no times, so that equal results give equal archives.
struct ManifestDocument: Encodable {
    let job: JobIdentifier
    let settings: ProtectionSettings
    let images: [ImageDocument]
}

/// What a probe gets.
struct HealthDocument: Encodable {
    let status: String
}
