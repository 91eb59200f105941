import BlobStore
import Cryptography
import HTTPServer
import HTTPTypes
import JobModel
import JobStore
import Logging

/// `DELETE /v1/jobs/{id}` and `POST /v1/jobs/{id}/cancel`.
extension API {
    /// Stops a job; what is done stays, and can be fetched.
    func cancel(_ request: ServerRequest, key: APIKey, id: String) async throws -> ServerResponse {
        try allow([], in: request.target)
        let job = try await job(id, of: key)
        guard let cancelled = try await store.cancelJob(job.id, tenant: key.id) else { throw APIError.jobUnknown }
        logger.info("job cancelled", metadata: ["job.id": "\(job.id)"])
        return try answer(try await document(cancelled))
    }

    /// Erases a job with its files, whatever it is at; an expired one too.
    func erase(_ request: ServerRequest, key: APIKey, id: String) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let id = JobIdentifier(id), let erased = try await store.deleteJob(id, tenant: key.id) else {
            throw APIError.jobUnknown
        }
        try await eraseFiles(of: erased)
        logger.info("job erased", metadata: ["job.id": "\(id)"])
        return ServerResponse(status: .noContent)
    }

    /// Removes the files of erased images, but for those that others refer to.
    ///
    /// A worker files a protected image before it writes the row. It may be about to do so with these very bytes if another
    /// image has the same input; then a young output stays, and the sweep for orphans removes it if nobody comes to need it.
    private func eraseFiles(of images: [ErasedImage]) async throws {
        let inputs = Set(images.compactMap(\.input))
        let outputs = Set(images.flatMap(\.outputs))
        try await store.withUnreferenced(among: Array(inputs.union(outputs))) { [ledger] free in
            let free = Set(free)
            for input in inputs.intersection(free) { ledger.remove(input, ifOlderThan: .zero) }
            let shared = Set(images.filter { $0.input.map { !free.contains($0) } ?? false }.flatMap(\.outputs))
            for output in outputs.intersection(free) {
                ledger.remove(output, ifOlderThan: shared.contains(output) ? Housekeeping.youngest : .zero)
            }
        }
    }
}
