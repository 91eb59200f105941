import Cryptography
import HTTPServer
import HTTPTypes
import JobModel
import Queue

/// `GET /v1/jobs/{id}/images/{n}/recovery`, `before.jpg` and `after.jpg`.
extension API {
    /// Sends an attachment of an image.
    func sendAttachment(
        _ kind: AttachmentKind,
        _ request: ServerRequest,
        key: APIKey,
        id: String?,
        number: String?
    ) async throws -> ServerResponse {
        try allow([], in: request.target)
        let job = try await job(id, of: key)
        guard job.attachments.kinds.contains(kind) else { throw APIError.attachmentMissing }
        let image = try await image(number, of: job)
        guard image.output != nil else { throw Self.unfinished(image) }
        let attachments = try await store.attachments(job: job.id, number: image.number)
        guard let attachment = attachments[image.number]?.first(where: { $0.kind == kind }) else {
            throw APIError.attachmentMissing
        }
        try await requireFiles(
            [ArchivePlan.Member(attachment, of: image)].compactMap(\.self),
            in: job,
            key: key
        )
        return try await sendBlob(
            request,
            attachment.blob,
            type: kind.mediaType,
            filename: ArchivePlan.Member.fileName(of: image, kind)
        )
    }
}

extension AttachmentKind {
    /// Whether it shows the photo or its protected picture in small.
    var isPreview: Bool {
        switch self {
        case .previewBefore, .previewAfter: true
        case .recovery: false
        }
    }

    /// The ending of the file name, after the base name of the image's file.
    var suffix: String {
        switch self {
        case .previewBefore: ".before.jpg"
        case .previewAfter: ".after.jpg"
        case .recovery: ".recovery"
        }
    }

    /// The media type of the file.
    var mediaType: String {
        switch self {
        case .previewBefore, .previewAfter: "image/jpeg"
        case .recovery: "application/octet-stream"
        }
    }
}

extension ArchivePlan.Member {
    /// Returns the file name of an attachment, next to that of its image.
    static func fileName(of image: JobImage, _ kind: AttachmentKind) -> String {
        image.name + kind.suffix
    }

    /// Describes an attachment and its place in the archive; `nil` if its image has no class.
    init?(_ attachment: StoredAttachment, of image: JobImage) {
        guard let label = image.label else { return nil }
        self.init(
            name: "\(label.folderName)/\(Self.fileName(of: image, attachment.kind))",
            sha256: attachment.blob.sha256,
            size: attachment.blob.size,
            crc32: attachment.crc32
        )
    }
}

extension APIError {
    static let attachmentMissing = APIError(
        .notFound,
        "attachment_missing",
        "The job was created without it: send preview=true, or a field Palimpsest-Recovery-Passphrase or Palimpsest-Recovery-Key, "
            + "with the upload."
    )
}
