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

/// `POST /v1/jobs`.
extension API {
    /// Accepts an upload.
    ///
    /// Its files are written to disk, then its rows in one transaction, and only then is it
    /// answered.
    func submit(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        guard !lifecycle.isDraining else { throw APIError.draining }
        let idempotencyKey = try Self.idempotencyKey(request.fields)
        // Quotas do not apply to a repeated request, which creates no job: a client that lost the
        // answer can always get it.
        var isRepeated = false
        if let idempotencyKey, key.quotas != APIKeyQuotas() {
            isRepeated = try await store.hasRequest(idempotencyKey, tenant: key.id)
        }
        return try await withinRate(request, key: key, isRepeated: isRepeated) {
            if !isRepeated { try await requireQuota(for: request, key: key) }
            return try await take(request, key: key, idempotencyKey: idempotencyKey)
        }
    }

    // MARK: - Steps

    var uploadLimits: UploadLimits {
        UploadLimits(
            maxImageBytes: settings.maxImageBytes,
            maxPixels: settings.maxPixels,
            maxImages: settings.maxImagesPerJob,
            maxBodyBytes: settings.maxBodyBytes,
            maxArchiveMembers: settings.maxArchiveMembers,
            maxArchiveRatio: settings.maxArchiveRatio
        )
    }

    private func take(
        _ request: ServerRequest,
        key: APIKey,
        idempotencyKey: String?
    ) async throws -> (response: ServerResponse, isNew: Bool) {
        let timeout = Self.preferredWait(request.fields)
        let secret = try RecoveryFields.secret(request.fields)
        if secret != nil, let output = try? output(ofQueryIn: request) {
            // Faults of the query itself are reported where it is read.
            try RecoveryFields.check(output)
        }
        try await requireRoom(for: request.body.declaredLength)
        let recovery = try await recipient(secret)

        let reader = UploadReader(blobs: blobs, disk: disk, limits: uploadLimits)
        let upload = try await reader.read(request, models: models)
        if secret != nil { try RecoveryFields.check(upload.settings.output) }
        let submission = try await create(
            upload,
            recovery: recovery,
            key: key,
            idempotencyKey: idempotencyKey
        )

        var fields = HTTPFields()
        let accepted: Job
        var isNew = false
        switch submission {
        case .created(let job):
            accepted = job
            isNew = true
            logger.info(
                "job accepted",
                metadata: [
                    "job.id": "\(job.id)", "job.images": .stringConvertible(job.counts.total),
                ]
            )
        case .replayed(let job):
            try await requireSame(secret, of: job)
            accepted = job
            fields[.idempotentReplayed] = "true"
        case .conflict:
            throw APIError.idempotencyKeyReused
        case .keyUnusable:
            throw APIError.keyInvalid
        case .overQuota(let excess):
            throw APIError.overQuota(excess)
        }
        var job = accepted
        if let timeout {
            fields[.preferenceApplied] = "wait"
            job = try await finished(job, of: key, within: timeout, for: request.clientEnd)
        }
        fields[.location] = JobDocument.path(of: job.id)
        guard !job.state.isTerminal || timeout == nil else {
            return (try answer(try await document(job), fields: fields), isNew)
        }
        return (try await self.accepted(job, fields: fields), isNew)
    }

    private func output(ofQueryIn request: ServerRequest) throws -> OutputSettings {
        try JobParameters(query: request.target.query, models: models).settings().output
    }

    /// Refuses an upload that does not fit on the disk, before its body is requested.
    func requireRoom(for length: UInt64?) async throws {
        let free = try await disk.run { [space] in try space.diskSpace().free }
        // What the reserve lacks is not free: it is set aside for erasing.
        let needed = settings.minFreeBytes + (reserve?.missingBytes ?? 0) + (length ?? 0)
        guard free >= needed else { throw APIError.diskLow }
    }

    /// Files the images and creates the job.
    ///
    /// If the store declines the job, the files are removed at once; after an error the orphan
    /// sweep removes them.
    private func create(
        _ upload: Upload,
        recovery: SealingRecipient?,
        key: APIKey,
        idempotencyKey: String?
    ) async throws -> JobSubmission {
        let attachments = AttachmentRequest(previews: upload.previews, recovery: recovery)
        let spools: [any BlobSpool] = upload.images.compactMap { image in
            guard case .spooled(let spool, _) = image.content else { return nil }
            return spool
        }
        let filed = try await disk.run { [ledger] in try ledger.file(spools) }
        let submission: JobSubmission
        do {
            defer { ledger.settle(filed) }
            submission = try await create(
                upload,
                of: filed,
                attachments: attachments,
                key: key,
                idempotencyKey: idempotencyKey
            )
        }
        if case .created = submission { return submission }
        // What cannot be removed now is an orphan, which a later sweep removes.
        _ = try? await housekeeping.remove(filed.map(\.sha256), ifOlderThan: .zero)
        return submission
    }

    private func create(
        _ upload: Upload,
        of filed: [StoredBlob],
        attachments: AttachmentRequest,
        key: APIKey,
        idempotencyKey: String?
    ) async throws -> JobSubmission {
        var remaining = filed[...]
        let images = upload.images.enumerated().map { index, image in
            let numbered = OutputName(numbered: index + 1)
            return NewImage(
                label: image.label,
                name: image.name.map { OutputName(sanitizing: $0, fallback: numbered.base) }
                    ?? numbered,
                source: image.source,
                content: Self.content(of: image, taking: &remaining),
                pixels: image.content.pixels
            )
        }
        let new = NewJob(
            tenant: key.id,
            settings: upload.settings,
            priority: upload.priority,
            attachments: attachments,
            retention: settings.retention,
            protectsAgain: upload.force,
            passedOver: upload.passedOver,
            idempotency: try idempotencyKey.map {
                NewJob.Idempotency(
                    key: $0,
                    fingerprint: try Self.fingerprint(
                        of: upload.settings,
                        upload,
                        attachments,
                        images
                    ),
                    earlierFingerprints: try Self.earlierFingerprints(
                        upload,
                        attachments,
                        images
                    )
                )
            }
        )
        return try await store.createJob(new, images: images)
    }

    /// Derives the recipient to whom the photos' pixels are sealed.
    ///
    /// This happens before the body is requested, one derivation at a time: concurrent requests
    /// delay only each other and use the memory of one.
    private func recipient(_ secret: SealingSecret?) async throws -> SealingRecipient? {
        guard let secret else { return nil }
        guard let recipient = try await derivations.run({ try secret.recipient() }) else {
            throw APIError.memoryLow
        }
        return recipient
    }

    /// Refuses a repeated request whose recovery secret differs from that of its job.
    ///
    /// The recipient of each job has its own salt, so it cannot be part of the fingerprint.
    private func requireSame(_ secret: SealingSecret?, of job: Job) async throws {
        guard let secret, let recipient = job.attachments.recovery else { return }
        guard let isSame = await derivations.run({ secret.isSecret(of: recipient) }) else {
            throw APIError.memoryLow
        }
        guard isSame else { throw APIError.idempotencyKeyReused }
    }

    private static func content(
        of image: UploadedImage,
        taking filed: inout ArraySlice<StoredBlob>
    ) -> NewImage.Content {
        switch image.content {
        case .refused(let failure): .refused(failure)
        case .spooled: .stored(filed.removeFirst())
        }
    }

    /// Returns a digest of the request without its recovery secret.
    ///
    /// It covers settings, priority, attachments, `force`, and the class, name and bytes of every
    /// image. It excludes how they were packed: folders and skipped files.
    private static func fingerprint(
        of settings: some Encodable,
        _ upload: Upload,
        _ attachments: AttachmentRequest,
        _ images: [NewImage]
    ) throws -> SHA256Digest {
        var hash = SHA256()
        hash.update(try JSONDocument.bytes(settings))
        // Omit the default, as requests of earlier versions had no priority.
        if upload.priority != .normal {
            hash.update(Array("priority \(upload.priority.rawValue)\n".utf8))
        }
        for kind in attachments.kinds.map(\.rawValue).sorted() {
            hash.update(Array("\(kind)\n".utf8))
        }
        if upload.force { hash.update(Array("force\n".utf8)) }
        for image in images {
            // Neither classes nor names contain newlines.
            let content =
                switch image.content {
                case .stored(let blob): blob.sha256.hex
                case .refused(let failure): failure.code
                }
            hash.update(Array("\(image.label?.text ?? "")\n\(image.name.base)\n\(content)\n".utf8))
        }
        return hash.finalize()
    }

    /// Returns the digests that earlier versions made of the same request: those that wrote a
    /// working size always, and those without masks.
    private static func earlierFingerprints(
        _ upload: Upload,
        _ attachments: AttachmentRequest,
        _ images: [NewImage]
    ) throws -> [SHA256Digest] {
        var found: [SHA256Digest] = []
        if upload.settings.workingSize == nil {
            let sized = upload.settings.withWorkingSize
            found.append(try fingerprint(of: sized, upload, attachments, images))
        }
        if let unmasked = UnmaskedSettings(upload.settings) {
            found.append(try fingerprint(of: unmasked, upload, attachments, images))
        }
        return found
    }

    // MARK: - Fields

    /// Returns the value of `Idempotency-Key`: a quoted string, as in the draft standard, or the
    /// bare text that many clients send.
    private static func idempotencyKey(_ fields: HTTPFields) throws(APIError) -> String? {
        guard let field = fields[.idempotencyKey] else { return nil }
        var key = Substring(field)
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") {
            key = key.dropFirst().dropLast()
        }
        let isPrintable = key.utf8.allSatisfy {
            (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"")
        }
        guard (1...255).contains(key.utf8.count), isPrintable else {
            throw APIError(
                .badRequest,
                "idempotency_key_invalid",
                "An Idempotency-Key must have 1 to 255 printable ASCII characters, none of them a quotation mark."
            )
        }
        return String(key)
    }

    /// Returns the seconds of `Prefer: wait=N`.
    ///
    /// The first `wait` counts (RFC 7240 section 2). Other preferences, parameters and malformed
    /// waits are ignored.
    private static func preferredWait(_ fields: HTTPFields) -> Duration? {
        for preference in fields[values: .prefer].flatMap({
            $0.utf8.split(separator: UInt8(ascii: ","))
        }) {
            let value = preference.prefix { $0 != UInt8(ascii: ";") }
            let parts = value.split(separator: UInt8(ascii: "="), maxSplits: 1).map { part in
                String(decoding: part.filter { !" \t\"".utf8.contains($0) }, as: UTF8.self)
            }
            guard let name = parts.first, name.equalsIgnoringASCIICase("wait") else { continue }
            return parts.count == 2 ? seconds(parts[1]) : nil
        }
        return nil
    }
}

extension APIError {
    static let memoryLow = APIError(
        .serviceUnavailable,
        "memory_low",
        "The service is short of memory; try again in a moment.",
        fields: [.retryAfter: "10"]
    )
}
