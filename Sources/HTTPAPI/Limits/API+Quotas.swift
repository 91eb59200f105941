import HTTPServer
import HTTPTypes
import Queue

/// What a key's quotas have to say to an upload.
extension API {
    /// Refuses an upload that the key's queue has no room for, before its body is asked for.
    ///
    /// The store asks the same again in the transaction that makes the job, with what has really come.
    ///
    /// - Parameters:
    ///   - request: The upload. The declared length of an image that is sent as it is counts; in a form or an archive it is that of more than
    ///     images.
    ///   - key: Whose quotas.
    /// - Throws: ``APIError/overQuota(_:)`` (429), faults of the store.
    func requireQuota(for request: ServerRequest, key: APIKey) async throws {
        guard key.quotas.imagesQueued != nil || key.quotas.bytesQueued != nil else { return }
        let length = UploadReader.isOfOneImage(request.fields) ? request.body.declaredLength : nil
        let least = QueuedImages(count: 1, bytes: max(Int(clamping: length ?? 1), 1))
        let queued = try await store.queuedImages(tenant: key.id)
        if let excess = key.quotas.excess(of: least, over: queued) {
            throw APIError.overQuota(excess)
        }
    }

    /// Answers an upload within the key's jobs a minute, with the fields that tell how many are left.
    ///
    /// A job is counted before the body is read, so that uploads at the same time cannot pass together, and given back if none
    /// was made.
    ///
    /// - Parameters:
    ///   - request: The upload.
    ///   - key: Whose quota.
    ///   - isRepeated: Whether the request is known, so that it makes no job.
    ///   - work: Answers the upload, and tells whether a job was made.
    /// - Returns: The answer; for a key with this quota errors are answers, too, so that they carry the fields.
    /// - Throws: What `work` throws, for a key without this quota.
    func withinRate(
        _ request: ServerRequest,
        key: APIKey,
        isRepeated: Bool,
        work: () async throws -> (response: ServerResponse, isNew: Bool)
    ) async throws -> ServerResponse {
        guard let perMinute = key.quotas.jobsPerMinute else { return try await work().response }
        var response: ServerResponse
        let standing: (remaining: Int, untilNext: Duration?)
        if isRepeated || rates.take(key.id, perMinute: perMinute) {
            var isNew = false
            do {
                (response, isNew) = try await work()
            } catch {
                response = refusal(of: request, for: error)
            }
            if !isNew && !isRepeated { rates.giveBack(key.id, perMinute: perMinute) }
            standing = rates.standing(of: key.id, perMinute: perMinute)
        } else {
            standing = rates.standing(of: key.id, perMinute: perMinute)
            let fault = APIError.rateLimited(perMinute, retryAfter: standing.untilNext ?? .zero)
            response = refusal(of: request, for: fault)
        }
        response.fields.append(
            contentsOf: RateLimitFields.fields(perMinute: perMinute, standing: standing)
        )
        return response
    }
}

extension APIError {
    /// The refusal of a job that would exceed a quota.
    static func overQuota(_ excess: QuotaExcess) -> APIError {
        let (code, things) =
            switch excess.quota {
            case .imagesQueued: ("quota_images", "images")
            case .bytesQueued: ("quota_bytes", "bytes of images")
            }
        let limit = "This API key may have \(excess.limit) \(things) queued at a time"
        guard !excess.isFinal else {
            return APIError(
                .tooManyRequests,
                code,
                "\(limit), and this upload alone has more; send it in smaller parts."
            )
        }
        return APIError(
            .tooManyRequests,
            code,
            "\(limit); wait until some of its images are done.",
            fields: [.retryAfter: "10"]
        )
    }

    static func rateLimited(_ perMinute: Int, retryAfter: Duration) -> APIError {
        APIError(
            .tooManyRequests,
            "rate_limited",
            "This API key may make \(perMinute) jobs a minute; wait as long as Retry-After says.",
            fields: [.retryAfter: String(RateLimitFields.seconds(retryAfter))]
        )
    }
}
