import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue

/// `GET /v1/jobs`, `/v1/jobs/{id}` and the list and reports of its images.
extension API {
    /// How often a waiting request rereads its job, since changes by other processes do not wake
    /// it.
    private static let pollInterval: Duration = .seconds(5)

    /// `GET /v1/jobs`.
    func listJobs(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try allow(["cursor", "limit"], in: request.target)
        let page = try await store.jobs(
            tenant: key.id,
            cursor: request.target.queryValue("cursor"),
            limit: try limit(request.target)
        )
        var jobs: [JobDocument] = []
        for job in page.jobs {
            jobs.append(
                JobDocument(
                    job,
                    failures: nil,
                    etaSeconds: try await forecast.seconds(untilEndOf: job)
                )
            )
        }
        return try answer(
            JobListDocument(jobs: jobs, nextCursor: page.nextCursor)
        )
    }

    /// `GET /v1/jobs/{id}?wait=N`: waits up to N seconds for the job to end.
    func showJob(
        _ request: ServerRequest,
        key: APIKey,
        id: String?
    ) async throws -> ServerResponse {
        try allow(["wait"], in: request.target)
        let timeout = try wait(request.target.queryValue("wait"))
        let job = try await finished(
            try await job(id, of: key),
            of: key,
            within: timeout,
            for: request.clientEnd
        )
        if job.state.isTerminal { return answer(json: try await bytes(ofEnded: job)) }
        let document = try await document(job)
        return try answer(document, fields: [.retryAfter: Self.retryAfter(document.etaSeconds)])
    }

    private func bytes(ofEnded job: Job) async throws -> [UInt8] {
        if let known = endedJobs.bytes(of: job) { return known }
        let bytes = try JSONDocument.bytes(try await document(job))
        endedJobs.keep(bytes, of: job)
        return bytes
    }

    /// `GET /v1/jobs/{id}/images?state=&cursor=`; the cursor is the number of the previous page's
    /// last image.
    func listImages(
        _ request: ServerRequest,
        key: APIKey,
        id: String?
    ) async throws -> ServerResponse {
        try allow(["state", "cursor", "limit"], in: request.target)
        let job = try await job(id, of: key)
        let limit = try limit(request.target)
        var states = Set(ImageState.allCases)
        if let text = request.target.queryValue("state") {
            guard let state = ImageState(rawValue: text) else {
                let names = ImageState.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.parameterInvalid("state", "The state must be one of \(names).")
            }
            states = [state]
        }
        var last = 0
        if let cursor = request.target.queryValue("cursor") {
            guard let number = Int(cursor), number > 0, cursor == String(number),
                cursor.utf8.count <= 18
            else {
                throw APIError.cursorInvalid
            }
            last = number
        }
        let images = try await store.images(
            job: job.id,
            states: states,
            after: last,
            limit: limit + 1
        )
        let page = images.prefix(limit)
        return try answer(
            ImageListDocument(
                images: page.map { ImageDocument($0, in: job.settings.output.format) },
                nextCursor: images.count > limit ? page.last.map { String($0.number) } : nil
            )
        )
    }

    /// `GET /v1/jobs/{id}/images/{n}/report`.
    func showReport(
        _ request: ServerRequest,
        key: APIKey,
        id: String?,
        number: String?
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        let image = try await image(number, of: try await job(id, of: key))
        guard let report = image.report else { throw Self.unfinished(image) }
        return try answer(report)
    }

    // MARK: - Parts

    /// Returns the document of a job, with its first failed images.
    func document(_ job: Job) async throws -> JobDocument {
        var failures: [JobImage] = []
        if job.counts.failed + job.counts.quarantined > 0 {
            failures = try await store.images(
                job: job.id,
                states: [.failed, .quarantined],
                after: 0,
                limit: JobDocument.maxFailures
            )
        }
        return JobDocument(
            job,
            failures: failures,
            etaSeconds: try await forecast.seconds(untilEndOf: job)
        )
    }

    /// Returns the answer 202 for a job that has not ended.
    func accepted(_ job: Job, fields: HTTPFields = [:]) async throws -> ServerResponse {
        let document = try await document(job)
        var fields = fields
        fields[.location] = JobDocument.path(of: job.id)
        fields[.retryAfter] = Self.retryAfter(document.etaSeconds)
        return try answer(document, status: .accepted, fields: fields)
    }

    /// Waits until a job ends, the time is up, the service drains or the client closes.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - key: The job's key.
    ///   - timeout: The longest wait.
    ///   - client: Signals that the client has closed.
    /// - Returns: The job as it is then.
    /// - Throws: ``APIError/jobUnknown`` (404) or ``APIError/jobExpired`` (410) if the job is
    ///   gone meanwhile; faults of the store.
    func finished(
        _ job: Job,
        of key: APIKey,
        within timeout: Duration,
        for client: ClientEnd
    ) async throws -> Job {
        guard !job.state.isTerminal, timeout > .zero else { return job }
        guard let watch = try await store.watch(job.id, tenant: key.id) else {
            throw APIError.jobUnknown
        }
        let deadline = ContinuousClock.now + timeout
        while true {
            let mark = watch.mark
            let job = try await self.job(job.id.text, of: key)
            let rest = ContinuousClock.now.duration(to: deadline)
            // Nobody reads the answer of a cancelled task.
            guard !job.state.isTerminal, !lifecycle.isDraining, rest > .zero, !Task.isCancelled,
                !client.hasEnded
            else {
                return job
            }
            await client.interrupting {
                await watch.wait(after: mark, atMost: min(rest, Self.pollInterval))
            }
        }
    }

    /// Returns the reason why an image has no output (409).
    static func unfinished(_ image: JobImage) -> APIError {
        switch image.state {
        case .queued, .running, .done:
            APIError(
                .conflict,
                "image_unfinished",
                "The image is not protected yet.",
                fields: [.retryAfter: "1"]
            )
        case .failed, .quarantined, .cancelled:
            APIError(
                .conflict,
                "image_failed",
                image.failure?.detail ?? "The image was not protected, since its job was cancelled."
            )
        }
    }
}
