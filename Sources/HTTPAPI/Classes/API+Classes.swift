import BlobStorage
import CodecHost
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import POSIX
import Queue

/// `/v1/classes`: the key's classes and their semantic images.
extension API {
    /// `GET /v1/classes`.
    func listClasses(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        try allow(["cursor", "limit"], in: request.target)
        let page = try await store.classes(
            tenant: key.id,
            cursor: request.target.queryValue("cursor"),
            limit: try limit(request.target)
        )
        return try answer(
            ClassListDocument(
                classes: page.classes.map(ClassDocument.init),
                nextCursor: page.nextCursor
            )
        )
    }

    /// `GET /v1/classes/{label}`.
    func showClass(
        _ request: ServerRequest,
        key: APIKey,
        label: String
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        return try answer(ClassDocument(try await ownedClass(label, of: key)))
    }

    /// `PUT /v1/classes/{label}`: creates a class with the assignment in the body, or draws one if
    /// there is no body.
    func makeClass(
        _ request: ServerRequest,
        key: APIKey,
        label: String
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        let label = try ClassLabel(label)
        var assignment: ClassAssignment?
        if request.body.declaredLength != 0 {
            assignment = try await JSONBody.decode(ClassRequest.self, from: request).assignment
        }
        switch try await store.createClass(tenant: key.id, label: label, assignment: assignment) {
        case .created(let owned): return try answer(ClassDocument(owned), status: .created)
        case .found(let owned): return try answer(ClassDocument(owned))
        case .assignedOtherwise: throw APIError.classAssigned
        case .indexTaken: throw APIError.classIndexTaken
        }
    }

    /// `GET /v1/classes/{label}/semantic-image`: sends the first imported picture.
    func sendSemanticImage(
        _ request: ServerRequest,
        key: APIKey,
        label: String
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let label = try? ClassLabel(label),
            let picture = try await store.importedSemanticImage(tenant: key.id, label: label)
        else { throw APIError.semanticImageMissing }
        do {
            return try await sendBlob(
                request,
                picture,
                type: "image/png",
                filename: "\(label.folderName).png"
            )
        } catch BlobStorageError.notFound {
            // The picture may have been replaced between reading the row and opening the file.
            let current = try await store.importedSemanticImage(tenant: key.id, label: label)
            guard current == picture else { throw APIError.semanticImageMissing }
            throw APIError.storageMissing
        }
    }

    /// `PUT /v1/classes/{label}/semantic-image`: imports the picture in the body.
    ///
    /// The import counts as a job in the key's quota of jobs per minute.
    func importSemanticImage(
        _ request: ServerRequest,
        key: APIKey,
        label: String
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard !lifecycle.isDraining else { throw APIError.draining }
        let label = try ClassLabel(label)
        return try await withinRate(request, key: key, isRepeated: false) {
            try await requireRoom(for: request.body.declaredLength)
            let upload = try await UploadReader(blobs: blobs, disk: disk, limits: pictureLimits)
                .readPicture(request)
            let isNew = try await keep(try await semanticImage(of: upload), of: label, key: key)
            logger.info("semantic image imported", metadata: ["key.id": "\(key.id)"])
            let document = ClassDocument(try await ownedClass(label.text, of: key))
            return (try answer(document, status: isNew ? .created : .ok), true)
        }
    }

    /// `DELETE /v1/classes/{label}/semantic-image`: removes the imported pictures; generated ones
    /// follow.
    func removeSemanticImage(
        _ request: ServerRequest,
        key: APIKey,
        label: String
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        guard let label = try? ClassLabel(label),
            let free = try await store.removeImportedSemanticImages(tenant: key.id, label: label)
        else { throw APIError.semanticImageMissing }
        _ = try? await housekeeping.remove(free, ifOlderThan: .zero)
        logger.info("semantic image removed", metadata: ["key.id": "\(key.id)"])
        return ServerResponse(status: .noContent)
    }

    // MARK: - Steps

    private var pictureLimits: UploadLimits {
        var limits = uploadLimits
        limits.maxImageBytes = min(limits.maxImageBytes, UInt64(ImportedPicture.maxFileBytes))
        return limits
    }

    private func ownedClass(_ text: String, of key: APIKey) async throws -> OwnedClass {
        guard let label = try? ClassLabel(text),
            let owned = try await store.ownedClass(tenant: key.id, label: label)
        else { throw APIError.classUnknown }
        return owned
    }

    private func semanticImage(of upload: any BlobSpool) async throws -> HashedBytes {
        do {
            switch try await pictures.importPicture(reading: { [disk] in
                try await disk.run { try upload.contents() }
            })
            {
            case .made(let semanticImage): return semanticImage
            case .failed(let failure):
                throw APIError(
                    .unprocessableContent,
                    "semantic_image_unusable",
                    "\(failure.code): \(failure.detail)"
                )
            }
        } catch is CodecsUnavailable {
            throw APIError.codecsUnavailable
        }
    }

    /// Files a picture and imports it for a class.
    ///
    /// - Returns: Whether the class is new.
    /// - Throws: ``APIError/keyInvalid`` if the key was revoked or expired meanwhile; faults of the
    ///   disk and of the store.
    private func keep(
        _ picture: HashedBytes,
        of label: ClassLabel,
        key: APIKey
    ) async throws -> Bool {
        let filed = try await disk.run { [blobs, ledger] in
            let spool = try blobs.newSpool()
            try spool.append(picture.bytes)
            return try ledger.file([spool])
        }
        var unreferenced = filed.map(\.sha256)
        var isNew: Bool?
        do {
            defer { ledger.settle(filed) }
            if let blob = filed.first,
                case .imported(let wasMissing, let replaced) =
                    try await store.importSemanticImage(blob, tenant: key.id, label: label)
            {
                isNew = wasMissing
                unreferenced = replaced
            }
        } catch {
            _ = try? await housekeeping.remove(unreferenced, ifOlderThan: .zero)
            throw error
        }
        // What cannot be removed now is an orphan, which a later sweep removes.
        _ = try? await housekeeping.remove(unreferenced, ifOlderThan: .zero)
        guard let isNew else { throw APIError.keyInvalid }
        return isNew
    }
}

extension APIError {
    static let classUnknown = APIError(
        .notFound,
        "class_unknown",
        "This API key has no class of this name."
    )

    static let classAssigned = APIError(
        .conflict,
        "class_assigned",
        "The class already has another assignment, and an assignment never changes; use another class."
    )

    static let classIndexTaken = APIError(
        .conflict,
        "class_index_taken",
        "Another class of this key already has this family_seed and class_index; two classes must not share an assignment."
    )

    static let semanticImageMissing = APIError(
        .notFound,
        "semantic_image_missing",
        "No picture is imported for this class; send one with PUT."
    )

    static let codecsUnavailable = APIError(
        .serviceUnavailable,
        "codecs_unavailable",
        "The processes that read pictures do not start; the service's log says why.",
        fields: [.retryAfter: "60"]
    )
}

/// Converts pictures to semantic images; the service's codec processes do.
protocol PictureImporting: Sendable {
    /// Converts a picture, as ``CodecPool/importPicture(reading:)`` does.
    func importPicture(
        reading read: @Sendable () async throws -> [UInt8]
    ) async throws -> PictureImport
}

extension CodecPool: PictureImporting {}
