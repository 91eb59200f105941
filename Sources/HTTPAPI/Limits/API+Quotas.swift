import HTTPServer
import HTTPTypes
import Queue

/// Enforces a key's quotas on uploads.
extension API {
    /// Refuses an upload that exceeds the key's quota of queued images or bytes, before its body is
    /// requested.
    ///
    /// The store checks again when it creates the job, then with the actual images.
    ///
    /// - Parameters:
    ///   - request: The upload. Its declared length counts only if its body is one image: a form or
    ///     an archive has overhead, and refused images do not count.
    ///   - key: The key with the quotas.
    /// - Throws: ``APIError/overQuota(_:)`` (429); faults of the store.
    func requireQuota(for request: ServerRequest, key: APIKey) async throws {
        guard key.quotas.imagesQueued != nil || key.quotas.bytesQueued != nil else { return }
        let length = UploadReader.isOfOneImage(request.fields) ? request.body.declaredLength : nil
        let least = QueuedImages(count: 1, bytes: max(Int(clamping: length ?? 1), 1))
        let queued = try await store.queuedImages(tenant: key.id)
        if let excess = key.quotas.excess(of: least, over: queued) {
            throw APIError.overQuota(excess)
        }
    }

    /// Answers an upload within the key's quota of jobs per minute, and adds the rate limit fields.
    ///
    /// The job is counted before the body is read, so that concurrent uploads cannot all pass. It
    /// is returned to the quota if no job is created.
    ///
    /// - Parameters:
    ///   - request: The upload.
    ///   - key: The key with the quota.
    ///   - isRepeated: Whether the request was accepted before, so that it creates no job.
    ///   - work: Answers the upload, and reports whether a job was created.
    /// - Returns: The answer. If the key has this quota, errors become answers too, so that they
    ///   carry the fields.
    /// - Throws: Whatever `work` throws, if the key does not have this quota.
    func withinRate(
        _ request: ServerRequest,
        key: APIKey,
        isRepeated: Bool,
        work: () async throws -> (response: ServerResponse, isNew: Bool)
    ) async throws -> ServerResponse {
        guard let perMinute = key.quotas.jobsPerMinute else { return try await work().response }
        var response: ServerResponse
        let available: (remaining: Int, untilNext: Duration?)
        if isRepeated || rates.take(key.id, perMinute: perMinute) {
            var isNew = false
            do {
                (response, isNew) = try await work()
            } catch {
                response = refusal(of: request, for: error)
            }
            if !isNew && !isRepeated { rates.giveBack(key.id, perMinute: perMinute) }
            available = rates.availableQuota(of: key.id, perMinute: perMinute)
        } else {
            available = rates.availableQuota(of: key.id, perMinute: perMinute)
            let fault = APIError.rateLimited(perMinute, retryAfter: available.untilNext ?? .zero)
            response = refusal(of: request, for: fault)
        }
        response.fields.append(
            contentsOf: RateLimitFields.fields(perMinute: perMinute, available: available)
        )
        return response
    }
}

extension APIError {
    /// The refusal of a job that exceeds a quota.
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
            "This API key may create \(perMinute) jobs per minute; wait as long as Retry-After says.",
            fields: [.retryAfter: String(RateLimitFields.seconds(retryAfter))]
        )
    }
}
