import JobModel
import Operations
import Queue

/// A job as the API shows it.
struct JobDocument: Encodable {
    /// The most failed images that the document of a job includes; the list of images has all.
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

    /// Describes a job.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - failures: Its first failed images; `nil` in a list, which omits them, the classes and
    ///     the skipped files.
    ///   - etaSeconds: The estimated seconds until it ends; `nil` if it has ended or there is no
    ///     estimate.
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
        self.failures = failures?.map { ImageDocument($0, in: job.settings.output.format) }
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
    /// The file's name or path as the client sent it.
    let source: String?
    /// The class; `nil`, as is ``file``, if the image was refused for lack of one.
    let `class`: ClassLabel?
    let file: String?
    let state: ImageState
    let error: ImageFailure?
    let report: ProtectionReport?

    /// Describes an image of a job whose pictures have a format.
    init(_ image: JobImage, in format: OutputFormat) {
        number = image.number
        name = image.name
        source = image.source
        self.class = image.label
        file = Self.file(of: image, in: format)
        state = image.state
        error = image.failure
        report = image.report
    }

    /// Returns the path of an image in the archive; `nil` without a class.
    static func file(of image: JobImage, in format: OutputFormat) -> String? {
        image.label.map { "\($0.folderName)/\(image.fileName(in: format))" }
    }
}

extension JobImage {
    /// Returns the file name of its protected picture.
    func fileName(in format: OutputFormat) -> String { "\(name).\(format.fileExtension)" }
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

/// The document `manifest.json` in an archive.
///
/// It contains no times, so that equal results give equal archives.
struct ManifestDocument: Encodable {
    let job: JobIdentifier
    let settings: ProtectionSettings
    let images: [ImageDocument]
}

/// The answer to a health check.
struct HealthDocument: Encodable {
    let status: String
}

/// What `/version` tells.
struct VersionDocument: Encodable {
    let version: String
    let commit: String

    init(_ program: ProgramVersion) {
        version = program.number
        commit = program.commit
    }
}
