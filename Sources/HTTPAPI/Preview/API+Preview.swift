import BlobStorage
import CodecHost
import CodecProtocol
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import POSIX
import Queue
import SemanticImages

/// `POST /v1/preview`: protects one picture at once and keeps nothing of it.
extension API {
    /// What a preview can be asked for; the rest of a job's parameters is about keeping it.
    private static let previewParameters: Set<String> = [
        "class", "mode", "strength", "clip", "working_size", "mask", "metadata", "model",
        "method_settings",
    ]

    /// Answers with the protected picture.
    ///
    /// It is limited like any work: by the scope, the quotas and the disk, and it counts as a job in
    /// the key's quota of jobs per minute. A key has one at a time, because previews do not wait in
    /// the queue that shares the codecs between keys.
    func preview(_ request: ServerRequest, key: APIKey) async throws -> ServerResponse {
        guard !lifecycle.isDraining else { throw APIError.draining }
        try allow(Self.previewParameters, in: request.target)
        let parameters = try JobParameters(query: request.target.query, models: models)
        let settings = try parameters.settings()
        try parameters.checkMethodSettings()
        guard let turn = shares.enter(.preview(key.id), most: 1) else {
            throw APIError.previewBusy
        }
        defer { withExtendedLifetime(turn) {} }
        return try await withinRate(request, key: key, isRepeated: false) {
            try await requireQuota(for: request, key: key)
            try await requireRoom(for: request.body.declaredLength)
            // The spool's file goes with its last reference, whatever happens.
            let spool = try await UploadReader(blobs: blobs, disk: disk, limits: uploadLimits)
                .readPicture(request)
            let image = try await protected(spool, parameters.label, settings, key: key)
            let fields: HTTPFields = [
                .contentType: "image/png", .cacheControl: "no-store",
                .figures: Self.figures(of: image.report),
            ]
            return (ServerResponse(status: .ok, fields: fields, body: .bytes(image.file)), true)
        }
    }

    private func protected(
        _ spool: any BlobSpool,
        _ label: ClassLabel?,
        _ settings: ProtectionSettings,
        key: APIKey
    ) async throws -> ProtectedImage {
        let unnamed = try ClassLabel("preview")
        do {
            let outcome = try await pictures.previewPicture {
                let photo = HashedBytes(try await disk.run { try spool.contents() })
                return CodecImage(
                    photo: photo,
                    label: label ?? unnamed,
                    settings: settings,
                    artefact: try await artefact(of: label, for: photo.sha256, settings.mode, key)
                )
            }
            switch outcome {
            case .made(let image): return image
            case .failed(let failure):
                throw APIError(
                    .unprocessableContent,
                    "image_unusable",
                    "\(failure.code): \(failure.detail)"
                )
            }
        } catch is CodecsUnavailable {
            throw APIError.codecsUnavailable
        }
    }

    /// Returns what is hidden: what a job of the class would hide, or for a class that the key does
    /// not have a pattern that the photo decides, since a class must not be made here.
    ///
    /// Of several imported pictures it is the first.
    private func artefact(
        of label: ClassLabel?,
        for photo: SHA256Digest,
        _ mode: ProtectionMode,
        _ key: APIKey
    ) async throws -> ArtefactPart<HashedBytes> {
        var assignment = ClassAssignment(
            generatorVersion: SemanticImageGenerator.version,
            familySeed: photo.sampleSeed(0),
            classIndex: 0,
            textureSeed: photo.sampleSeed(1)
        )
        if let label, let owned = try await store.ownedClass(tenant: key.id, label: label) {
            if let picture = try await store.importedSemanticImage(tenant: key.id, label: label) {
                let bytes = try await disk.run { [blobs] in try blobs.read(picture.sha256) }
                return .imported(HashedBytes(bytes, sha256: picture.sha256))
            }
            assignment = owned.assignment ?? assignment
        }
        switch ClassArtefact.generated(assignment).part(for: photo, mode: mode) {
        case .generated(let chosen): return .generated(chosen)
        case .imported: preconditionFailure("an assignment's part is generated")
        }
    }

    /// Returns the largest change, PSNR and SSIM as a dictionary of RFC 9651; PSNR is left out where
    /// nothing was changed.
    private static func figures(of report: ProtectionReport) -> String {
        var members = ["linf=\(report.maxAbsoluteDifference)"]
        if report.psnr.isFinite { members.append("psnr=\(thousandths(report.psnr))") }
        members.append("ssim=\(thousandths(report.ssim))")
        return members.joined(separator: ", ")
    }

    private static func thousandths(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }
}

extension APIError {
    static let previewBusy = APIError(
        .tooManyRequests,
        "preview_busy",
        "This API key has a preview under way already; send the next one when it is answered.",
        fields: [.retryAfter: "1"]
    )
}
