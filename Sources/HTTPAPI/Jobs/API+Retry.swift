import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import Queue

extension APIError {
    static let nothingToRetry = APIError(
        .conflict,
        "nothing_to_retry",
        "No image of the job can be tried again: none has failed, or those that did were refused while they were received; "
            + "send those again."
    )
}

/// `POST /v1/jobs/{id}/retry`.
extension API {
    /// Queues the failed and the quarantined images again, or with `image=N` only that one.
    func retry(_ request: ServerRequest, key: APIKey, id: String?) async throws -> ServerResponse {
        guard !lifecycle.isDraining else { throw APIError.draining }
        try allow(["image"], in: request.target)
        let job = try await job(id, of: key)
        var number: Int?
        if let text = request.target.queryValue("image") {
            number = try await image(text, of: job).number
        }
        switch try await store.retryJob(job.id, image: number, tenant: key.id) {
        case .queued(let job):
            logger.info(
                "job retried",
                metadata: [
                    "job.id": "\(job.id)", "job.images": .stringConvertible(job.counts.queued),
                ]
            )
            return try await accepted(job)
        case .nothing: throw APIError.nothingToRetry
        case .expired: throw APIError.jobExpired
        case .overQuota(let excess): throw APIError.overQuota(excess)
        case nil: throw APIError.jobUnknown
        }
    }
}
