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
    /// Cancels the unfinished images of a job; finished ones stay available.
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

    /// Erases a job and its files, whatever its state; an expired job too.
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

    /// Removes the files of erased images, except those that other rows refer to.
    ///
    /// An upload or a worker may have filed the same bytes without having written its row yet. The
    /// ledger keeps such files; if no row follows, the orphan sweep removes them.
    private func eraseFiles(of images: [ErasedImage]) async throws {
        let files = Set(images.compactMap(\.input)).union(images.flatMap(\.outputs))
        try await housekeeping.remove(Array(files), ifOlderThan: .zero)
        await reserve?.restore(on: disk, logger: logger)
    }
}
