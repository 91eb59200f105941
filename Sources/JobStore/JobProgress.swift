/// An image that has ended, and its place among those of its job.
public struct EndedImage: Sendable, Equatable {
    /// Its place in the order in which the job's images ended, from 1.
    ///
    /// An image that is tried again gets a new, higher one when it ends again, and the old one is nobody's any more.
    public let ending: Int64
    /// The image.
    public let image: JobImage
}

/// How a job stands, and which of its images ended after some moment.
public struct JobProgress: Sendable, Equatable {
    /// The job.
    public let job: Job
    /// The highest ``EndedImage/ending`` that the job has given out; 0 before any image has ended.
    public let lastEnding: Int64
    /// The images that ended after the moment asked for, in the order of their endings; the first ones if there were many.
    public let ended: [EndedImage]
}
