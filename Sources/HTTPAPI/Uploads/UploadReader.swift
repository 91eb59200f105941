import Archive
import BlobStorage
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import POSIX

/// The bounds of an upload.
struct UploadLimits: Sendable, Equatable {
    /// Bytes of one image.
    var maxImageBytes: UInt64
    /// Pixels that one image may cost the queue; whoever decodes it refuses it if it has more.
    var maxPixels: Int
    /// Images of one job.
    var maxImages: Int
    /// Bytes of a body, and of what a body unpacks to.
    var maxBodyBytes: UInt64
    /// Members of an archive, folders and links among them.
    var maxArchiveMembers: Int
    /// How many times its own size an archive may unpack to.
    var maxArchiveRatio: UInt64
}

extension APIError {
    static func imagesTooMany(_ most: Int) -> APIError {
        APIError(
            .contentTooLarge,
            "images_too_many",
            "A job may have at most \(most) images; send the rest as another job."
        )
    }

    static let contentEncodingUnsupported = APIError(
        .unsupportedMediaType,
        "content_encoding_unsupported",
        "Send the body as it is, without a Content-Encoding.",
        fields: [.acceptEncoding: "identity"]
    )

    static let pictureWanted = APIError(
        .unsupportedMediaType,
        "media_type_unsupported",
        "Send one picture (JPEG, PNG, WebP, HEIC or AVIF) as the body, as image/* or application/octet-stream."
    )

    static let mediaTypeUnsupported = APIError(
        .unsupportedMediaType,
        "media_type_unsupported",
        "Send an image (JPEG, PNG, WebP, HEIC or AVIF, as image/* or application/octet-stream), a multipart/form-data form with files, "
            + "or an archive (application/x-tar, application/zip)."
    )
}

/// Reads the body of an upload to disk, piece by piece, so that the network waits for the disk.
///
/// Nothing of it is visible before its blobs are committed: an upload that is refused, or breaks off, leaves nothing.
struct UploadReader: Sendable {
    private let blobs: any BlobStorage
    private let disk: BlockingExecutor
    private let limits: UploadLimits

    init(blobs: any BlobStorage, disk: BlockingExecutor, limits: UploadLimits) {
        self.blobs = blobs
        self.disk = disk
        self.limits = limits
    }

    /// Reads a request to its end.
    ///
    /// What is wrong with its head is found before the first byte of its body is asked for.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - models: The models that it may choose from.
    /// - Returns: Its images, on disk but not yet filed.
    /// - Throws: ``APIError``, `HTTPFault`, `SettingsFault` for what the client did wrong; faults of the disk.
    func read(_ request: ServerRequest, models: [ModelName]) async throws -> Upload {
        let parameters = try JobParameters(query: request.target.query, models: models)
        // Out of range values of the query are found now, not after a gigabyte.
        _ = try parameters.settings()
        switch try Self.kind(of: request.fields) {
        case .form(let mediaType):
            return try await readAll(
                request.body,
                of: try FormUpload(
                    mediaType: mediaType,
                    parameters: parameters,
                    blobs: blobs,
                    limits: limits
                )
            )
        case .archive(let format):
            return try await readAll(
                request.body,
                of: ArchiveUpload(format, parameters: parameters, blobs: blobs, limits: limits)
            )
        case .image:
            guard let label = parameters.label else { throw APIError.classMissing }
            let source = parameters.name ?? Self.dispositionName(request.fields)
            let content = try await readImage(request.body)
            let image = UploadedImage(
                name: ShownName.make(source),
                source: source.map(SourcePath.shown),
                label: label,
                content: content
            )
            return try Upload([image], parameters)
        }
    }

    /// Reads a picture that is not to be protected to its end.
    ///
    /// - Throws: As ``read(_:models:)``.
    func readPicture(_ request: ServerRequest) async throws -> any BlobSpool {
        guard case .image = try Self.kind(of: request.fields) else { throw APIError.pictureWanted }
        switch try await readImage(request.body) {
        case .spooled(let spool, _): return spool
        case .refused(let failure): throw APIError(.contentTooLarge, failure.code, failure.detail)
        }
    }

    // MARK: - Several images

    private func readAll(
        _ body: RequestBody,
        of upload: some StreamedUpload
    ) async throws -> Upload {
        try await body.forEachPiece { piece in
            try await disk.run { try upload.receive(piece) }
        }
        return try await disk.run { try upload.finish() }
    }

    // MARK: - One image

    private func readImage(_ body: RequestBody) async throws -> UploadedImage.Content {
        let refusal = APIError(
            .contentTooLarge,
            "image_too_large",
            ImageSpool.tooLarge(limits.maxImageBytes).detail
        )
        if let length = body.declaredLength {
            guard length > 0 else { throw APIError.jobEmpty }
            guard length <= limits.maxImageBytes else { throw refusal }
        }
        var spool = try await disk.run { [blobs, limits] in
            try ImageSpool(in: blobs, limits: limits)
        }
        try await body.forEachPiece { piece in
            let current = spool
            spool = try await disk.run {
                var next = current
                try next.append(piece)
                return next
            }
            guard !spool.isTooLarge else { throw refusal }
        }
        guard !spool.isEmpty else { throw APIError.jobEmpty }
        return spool.finish()
    }

    // MARK: - The head

    private enum Kind {
        case image
        case form(MediaType)
        case archive(ArchiveFormat)
    }

    /// What the body is, from its media type.
    ///
    /// The bytes of an image tell its format, so the type is not asked for more than that it is one; and curl's default type
    /// is taken for an image, since `curl --data-binary @photo.jpg` means just that.
    private static func kind(of fields: HTTPFields) throws(APIError) -> Kind {
        guard (fields[.contentEncoding] ?? "identity").equalsIgnoringASCIICase("identity") else {
            throw .contentEncodingUnsupported
        }
        guard let field = fields[.contentType] else { return .image }
        guard let mediaType = MediaType(field) else { throw .mediaTypeUnsupported }
        switch mediaType.essence {
        case "multipart/form-data": return .form(mediaType)
        case "application/octet-stream", "application/x-www-form-urlencoded": return .image
        default:
            if let format = ArchiveFormat(mediaType) { return .archive(format) }
            guard !ArchiveFormat.compressedTypes.contains(mediaType.essence) else {
                throw APIError(ArchiveFault.compressed)
            }
            guard mediaType.type == "image" else { throw .mediaTypeUnsupported }
            return .image
        }
    }

    /// Whether the body is an image as it is.
    static func isOfOneImage(_ fields: HTTPFields) -> Bool {
        if case .image? = try? kind(of: fields) { true } else { false }
    }

    private static func dispositionName(_ fields: HTTPFields) -> String? {
        fields[.contentDisposition].flatMap { ContentDisposition($0) }?.filename
    }
}

/// A body of several images that is taken apart while it comes in, a form or an archive.
///
/// It runs on the blob store's threads, one piece of the body at a time.
protocol StreamedUpload: Sendable {
    /// Takes the next piece of the body.
    ///
    /// - Throws: ``APIError``, `HTTPFault`, `ArchiveFault`, `SettingsFault` for what the client did wrong; faults of the disk.
    func receive(_ bytes: [UInt8]) throws

    /// Ends the body.
    ///
    /// - Returns: Its images in order, and their settings.
    /// - Throws: As ``receive(_:)``; ``APIError/jobEmpty`` for a body without images.
    func finish() throws -> Upload
}
