import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import Operations
import POSIX
import Queue

/// `GET /v1/jobs/{id}/archive.zip` and `GET /v1/jobs/{id}/images/{n}.png`, `.jpg` and `.webp`.
extension API {
    /// Sends the archive of a job that has ended, or with `?partial=true` of what is done so far.
    ///
    /// With `?previews=false` the small pictures of the photos as they were, and the page that
    /// shows them, are left out. The job does not expire while its archive is sent. If it is erased
    /// meanwhile, the connection is cut.
    func sendArchive(
        _ request: ServerRequest,
        key: APIKey,
        id: String?
    ) async throws -> ServerResponse {
        try allow(["partial", "previews"], in: request.target)
        let download = id.flatMap { JobIdentifier($0) }.map { downloads.begin($0) }
        let job = try await job(id, of: key)
        let isPartial = try Self.boolean("partial", in: request.target) ?? false
        let hasPreviews = try Self.boolean("previews", in: request.target) ?? true
        guard isPartial || job.state.isTerminal else {
            throw APIError(
                .conflict,
                "job_unfinished",
                "The job has not ended; wait for it, or get the finished images with ?partial=true.",
                fields: [.retryAfter: "1"]
            )
        }
        guard isPartial || job.counts.done > 0 else {
            throw APIError(
                .conflict,
                "job_failed",
                "No image of the job was protected, so there is no archive."
            )
        }
        let plan = try await plan(job, key, previews: hasPreviews)
        try await requireFiles(plan.members, in: job, key: key)
        // A job that was erased while its images were paged through would yield an incomplete
        // archive.
        _ = try await self.job(job.id.text, of: key)
        return try send(
            request,
            digest: plan.digest,
            isOfBytes: false,
            length: plan.length,
            type: "application/zip",
            filename: "\(job.id).zip"
        ) { [blobs, disk, logger] range, writer in
            try await withTaskExecutorPreference(disk) {
                try await plan.send(range, from: blobs, on: disk, logger: logger) {
                    try await writer.write($0)
                }
            }
            withExtendedLifetime(download) {}
        }
    }

    /// Sends a protected image under the extension of its job's format.
    func sendImage(
        in format: OutputFormat,
        _ request: ServerRequest,
        key: APIKey,
        id: String?,
        number: String?
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        let job = try await job(id, of: key)
        let image = try await image(number, of: job)
        let ownFormat = job.settings.output.format
        guard format == ownFormat else {
            throw APIError.imageInOtherFormat(ownFormat, number: image.number)
        }
        guard let output = image.output else { throw Self.unfinished(image) }
        try await requireFiles(
            [image].compactMap { ArchivePlan.Member($0, in: format) },
            in: job,
            key: key
        )
        return try await sendBlob(
            request,
            output,
            type: format.mediaType,
            filename: image.fileName(in: format)
        )
    }

    /// Sends a blob that is known to exist.
    func sendBlob(
        _ request: ServerRequest,
        _ blob: StoredBlob,
        type: String,
        filename: String
    ) async throws -> ServerResponse {
        let reader = try await disk.run { [blobs] in try blobs.open(blob.sha256) }
        return try send(
            request,
            digest: blob.sha256,
            isOfBytes: true,
            length: blob.size,
            type: type,
            filename: filename
        ) { [disk, logger] range, writer in
            try await withTaskExecutorPreference(disk) {
                var pieces = BlobPieces(
                    reader,
                    of: blob.sha256,
                    check: .sha256(blob.sha256),
                    size: blob.size,
                    range: range,
                    on: disk,
                    logger: logger
                )
                while let piece = try await pieces.next() { try await writer.write(piece) }
            }
        }
    }

    // MARK: - Parts

    /// Ensures that files are on disk before the head of a response promises them.
    ///
    /// - Throws: ``APIError/storageMissing`` (500) if one is missing or has another size;
    ///   ``APIError/jobUnknown`` (404) or ``APIError/jobExpired`` (410) if the job is gone; faults
    ///   of the disk and of the store.
    func requireFiles(_ members: [ArchivePlan.Member], in job: Job, key: APIKey) async throws {
        let lost = try await disk.run { [blobs] in
            try members.first { member in try blobs.size(of: member.sha256) != member.size }
        }
        guard let lost else { return }
        // If the job was erased after its rows were read, missing files are not a fault.
        _ = try await self.job(job.id.text, of: key)
        logger.error(
            "the file of a protected image is missing or cut short",
            metadata: ["job.id": "\(job.id)", "blob.sha256": "\(lost.sha256)"]
        )
        throw APIError.storageMissing
    }

    private static func boolean(_ name: String, in target: RequestTarget) throws -> Bool? {
        try target.queryValue(name).map { try JobParameters.boolean($0, name) }
    }

    private func images(of job: Job) async throws -> [JobImage] {
        var images: [JobImage] = []
        while true {
            let page = try await store.images(
                job: job.id,
                states: Set(ImageState.allCases),
                after: images.last?.number ?? 0,
                limit: 1000
            )
            images += page
            guard page.count == 1000 else { return images }
        }
    }

    /// Returns the plan of a job's archive, which is cached if the job has ended.
    private func plan(_ job: Job, _ key: APIKey, previews: Bool) async throws -> ArchivePlan {
        let progress = try await store.progress(of: job.id, tenant: key.id, after: .max, limit: 0)
        guard let progress else { throw APIError.jobUnknown }
        let job = progress.job
        let hasPreviews = previews && job.attachments.previews
        guard job.state.isTerminal else { return try await plan(job, previews: hasPreviews) }
        let key = ArchivePlans.Key(
            job: job.id,
            lastEnding: progress.lastEnding,
            hasPreviews: hasPreviews
        )
        return try await archivePlans.plan(key) { try await plan(job, previews: hasPreviews) }
    }

    private func plan(_ job: Job, previews: Bool) async throws -> ArchivePlan {
        let format = job.settings.output.format
        let images = try await images(of: job)
        let attachments =
            job.attachments.kinds.isEmpty
            ? [:] : try await store.attachments(job: job.id, number: nil)
        let members = images.flatMap { image in
            ArchivePlan.Member(image, in: format).map { member in
                [member]
                    + (attachments[image.number] ?? []).compactMap { attachment in
                        previews || !attachment.kind.isPreview
                            ? ArchivePlan.Member(attachment, of: image) : nil
                    }
            } ?? []
        }
        let documents = images.map { ImageDocument($0, in: format) }
        let manifest = ManifestDocument(job: job.id, settings: job.settings, images: documents)
        let bytes = try JSONDocument.bytes(manifest)
        let page =
            previews
            ? PreviewPage.make(documents.filter { $0.state == .done }, in: format) : nil
        return try ArchivePlan(
            members: members,
            page: page,
            manifest: bytes,
            signature: signingKey.sign(bytes)
        )
    }

    /// Answers with a file that a digest identifies: in whole, a range of it, or 304 (RFC 9110
    /// sections 13 and 14).
    ///
    /// The digest is the entity tag. If it is that of the bytes themselves, it is also sent as
    /// `Repr-Digest` (RFC 9530).
    private func send(
        _ request: ServerRequest,
        digest: SHA256Digest,
        isOfBytes: Bool,
        length: UInt64,
        type: String,
        filename: String,
        bytes: @escaping @Sendable (Range<UInt64>, ResponseWriter) async throws -> Void
    ) throws -> ServerResponse {
        let tag = Self.tag(digest)
        var fields: HTTPFields = [.acceptRanges: "bytes"]
        if isOfBytes { fields[.reprDigest] = "sha-256=:\(Base64.encode(digest.bytes)):" }
        guard try isWanted(request, tag, &fields) else {
            return ServerResponse(status: .notModified, fields: fields, body: .none)
        }
        fields[.contentType] = type
        fields[.contentDisposition] =
            ContentDisposition(type: "attachment", filename: filename).encoded

        var status = HTTPResponse.Status.ok
        var range = 0..<length
        let wanted =
            tag.allowsRange(ifRange: request.fields[.ifRange]) ? request.fields[.range] : nil
        switch ByteRange(request.method == .get ? wanted : nil, length: length) {
        case .whole:
            break
        case .part(let part):
            (status, range) = (.partialContent, part)
            fields[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)"
        case .unsatisfiable:
            throw APIError(
                .rangeNotSatisfiable,
                "range_outside",
                "The range lies outside of the file.",
                fields: [.contentRange: "bytes */\(length)"]
            )
        }
        let part = range
        return ServerResponse(
            status: status,
            fields: fields,
            body: .stream(length: UInt64(part.count)) { writer in try await bytes(part, writer) }
        )
    }

    /// Makes the entity tag of what a digest identifies.
    static func tag(_ digest: SHA256Digest) -> EntityTag {
        guard let tag = EntityTag(opaque: digest.hex) else {
            preconditionFailure("hex digits make a tag")
        }
        return tag
    }

    /// Evaluates the conditions of a request (RFC 9110 section 13.2.2).
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - tag: The entity tag of what would be sent.
    ///   - fields: Receives the fields that 200 and 304 share.
    /// - Returns: Whether to send it; otherwise the answer is 304.
    /// - Throws: ``APIError`` (412) if `If-Match` names others.
    func isWanted(
        _ request: ServerRequest,
        _ tag: EntityTag,
        _ fields: inout HTTPFields
    ) throws(APIError) -> Bool {
        fields[.eTag] = tag.encoded
        fields[.cacheControl] = "private, no-cache"
        guard tag.passes(ifMatch: request.fields[.ifMatch]) else {
            throw APIError(
                .preconditionFailed,
                "precondition_failed",
                "The file has another ETag than those in If-Match."
            )
        }
        return !tag.matches(ifNoneMatch: request.fields[.ifNoneMatch])
    }
}

extension ArchivePlan.Member {
    /// Describes a protected image and its place in the archive; `nil` if it is not protected or
    /// has no class.
    init?(_ image: JobImage, in format: OutputFormat) {
        guard let output = image.output, let crc32 = image.outputCRC32,
            let file = ImageDocument.file(of: image, in: format)
        else { return nil }
        self.init(name: file, sha256: output.sha256, size: output.size, crc32: crc32)
    }
}

extension APIError {
    /// The job's images have another format than the one in the path.
    static func imageInOtherFormat(_ format: OutputFormat, number: Int) -> APIError {
        APIError(
            .notFound,
            "image_format_other",
            "The images of this job are of the format \(format.title); this one is images/\(number).\(format.fileExtension)."
        )
    }
}
