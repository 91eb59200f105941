import Archive
import BlobStorage
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import POSIX

/// The limits of an upload.
struct UploadLimits: Sendable, Equatable {
    /// The most bytes of an image.
    var maxImageBytes: UInt64
    /// The upper bound of an image's cost in the queue; the decoder refuses images with more
    /// pixels.
    var maxPixels: Int
    /// The most images of a job.
    var maxImages: Int
    /// The most bytes of a body, and of an archive's unpacked members.
    var maxBodyBytes: UInt64
    /// The most members of an archive, including folders and links.
    var maxArchiveMembers: Int
    /// The largest ratio of an archive's unpacked size to its own.
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

/// Reads the body of an upload to disk piece by piece, at the pace of the disk and on its threads.
///
/// Nothing is visible before the blobs are committed: an upload that is refused or cut off leaves
/// nothing behind.
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
    /// Faults in its head are found before the first byte of its body is requested.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - models: The models that it may choose.
    /// - Returns: The images, on disk but not yet filed.
    /// - Throws: ``APIError``, `HTTPFault`, `ArchiveFault` and `SettingsFault` for faults of the
    ///   client; faults of the disk.
    func read(_ request: ServerRequest, models: [OfferedModel]) async throws -> Upload {
        let parameters = try JobParameters(query: request.target.query, models: models)
        // Refuse values out of range now, not after a gigabyte.
        let kind = try Self.kind(of: request.fields)
        if case .form = kind {
            // A form may name another model and another format than the query.
            try parameters.checkRanges()
        } else {
            _ = try parameters.settings()
            try parameters.checkMethodSettings()
        }
        switch kind {
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

    /// Reads a picture that is imported rather than protected to its end.
    ///
    /// - Returns: The picture, on disk but not yet filed.
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
        try await withTaskExecutorPreference(disk) {
            for try await piece in body { try upload.receive(piece) }
            return try upload.finish()
        }
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
        return try await withTaskExecutorPreference(disk) {
            var spool = try ImageSpool(in: blobs, limits: limits)
            for try await piece in body {
                try spool.append(piece)
                guard !spool.isTooLarge else { throw refusal }
            }
            guard !spool.isEmpty else { throw APIError.jobEmpty }
            return spool.finish()
        }
    }

    // MARK: - The head

    private enum Kind {
        case image
        case form(MediaType)
        case archive(ArchiveFormat)
    }

    /// Returns the kind of a body from its media type.
    ///
    /// An image's bytes tell its format, so any image type will do. curl's default type counts as
    /// an image too, since `curl --data-binary @photo.jpg` sends it.
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

    /// Returns whether the body is a single image.
    static func isOfOneImage(_ fields: HTTPFields) -> Bool {
        if case .image? = try? kind(of: fields) { true } else { false }
    }

    private static func dispositionName(_ fields: HTTPFields) -> String? {
        fields[.contentDisposition].flatMap { ContentDisposition($0) }?.filename
    }
}

/// A body with several images that is decoded as it arrives: a form or an archive.
///
/// It runs on the threads of the blob storage, one piece of the body at a time.
protocol StreamedUpload: Sendable {
    /// Decodes the next piece of the body.
    ///
    /// - Throws: ``APIError``, `HTTPFault`, `ArchiveFault` and `SettingsFault` for faults of the
    ///   client; faults of the disk.
    func receive(_ bytes: [UInt8]) throws

    /// Ends the body.
    ///
    /// - Returns: The images in order, and their settings.
    /// - Throws: As ``receive(_:)``; ``APIError/jobEmpty(_:)`` for a body without images.
    func finish() throws -> Upload
}
