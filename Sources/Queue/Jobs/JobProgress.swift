/// An image that has ended, and its place among those of its job.
public struct EndedImage: Sendable, Equatable {
    /// Its place in the order in which the job's images ended, from 1.
    ///
    /// An image that is retried gets a new, higher place when it ends again. Its old place stays
    /// empty.
    public let ending: Int64
    /// The image.
    public let image: JobImage

    /// For stores: an image that has ended.
    public init(ending: Int64, image: JobImage) {
        self.ending = ending
        self.image = image
    }
}

/// The state of a job, and which of its images ended after some moment.
public struct JobProgress: Sendable, Equatable {
    /// The job.
    public let job: Job
    /// The highest ``EndedImage/ending`` that the job has given out; 0 before any image has ended.
    public let lastEnding: Int64
    /// The first images that ended after the moment asked for, in the order of their endings.
    public let ended: [EndedImage]

    /// For stores: the progress of a job.
    public init(job: Job, lastEnding: Int64, ended: [EndedImage]) {
        self.job = job
        self.lastEnding = lastEnding
        self.ended = ended
    }
}
