import JobModel
import Queue
import Synchronization

/// Remembers the documents of jobs that have ended, as they were sent.
///
/// Such a document depends on the job's row alone: images of a job that has ended change only
/// together with it.
final class EndedJobDocuments: Sendable {
    /// The number of documents at which all are forgotten; one has some hundred classes and failures
    /// at most.
    private static let capacity = 1024

    private let documents = Mutex<[JobIdentifier: (job: Job, bytes: [UInt8])]>([:])

    /// The document of a job that is as it was when the document was made.
    func bytes(of job: Job) -> [UInt8]? {
        documents.withLock { documents in
            documents[job.id].flatMap { $0.job == job ? $0.bytes : nil }
        }
    }

    /// Remembers a document.
    func keep(_ bytes: [UInt8], of job: Job) {
        documents.withLock { documents in
            if documents.count >= Self.capacity { documents = [:] }
            documents[job.id] = (job, bytes)
        }
    }
}
