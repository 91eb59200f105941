import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import JobModel
import Logging
import Operations
import Queue

/// `DELETE /v1/jobs/{id}` and `POST /v1/jobs/{id}/cancel`.
extension API {
    /// Stops a job; what is done stays, and can be fetched.
    func cancel(_ request: ServerRequest, key: APIKey, id: String) async throws -> ServerResponse {
        try allow([], in: request.target)
        let job = try await job(id, of: key)
        let cancelled = try await reserve.erasing(in: store, on: disk, logger) { [store] in
            try await store.cancelJob(job.id, tenant: key.id)
        }
        guard let cancelled else { throw APIError.jobUnknown }
        logger.info("job cancelled", metadata: ["job.id": "\(job.id)"])
        return try answer(try await document(cancelled))
    }

    /// Erases a job with its files, whatever it is at; an expired one too.
    func erase(_ request: ServerRequest, key: APIKey, id: String) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let id = JobIdentifier(id) else { throw APIError.jobUnknown }
        let erased = try await reserve.erasing(in: store, on: disk, logger) { [store] in
            try await store.deleteJob(id, tenant: key.id)
        }
        guard let erased else { throw APIError.jobUnknown }
        try await eraseFiles(of: erased)
        logger.info("job erased", metadata: ["job.id": "\(id)"])
        return ServerResponse(status: .noContent)
    }

    /// Removes the files of erased images, but for those that others refer to.
    ///
    /// An upload or a worker may have filed the same bytes and not yet written their row; then they are in the ledger and stay, and the
    /// sweep for orphans removes them if no row comes.
    private func eraseFiles(of images: [ErasedImage]) async throws {
        let files = Set(images.compactMap(\.input)).union(images.flatMap(\.outputs))
        try await housekeeping.remove(Array(files), ifOlderThan: .zero)
        await reserve?.restore(on: disk, logger: logger)
    }
}
