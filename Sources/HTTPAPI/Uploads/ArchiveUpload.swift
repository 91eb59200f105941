import Archive
import BlobStorage
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Synchronization

/// The formats of archives that a job may be sent in.
enum ArchiveFormat {
    case tar
    case zip

    /// Returns the format for a media type; `nil` for any other type.
    init?(_ mediaType: MediaType) {
        switch mediaType.essence {
        case "application/x-tar", "application/tar": self = .tar
        case "application/zip", "application/x-zip-compressed": self = .zip
        default: return nil
        }
    }

    /// The media types of archives that are compressed as a whole, which are refused.
    static let compressedTypes: Set<String> = [
        "application/gzip", "application/x-gzip", "application/x-compressed-tar",
        "application/x-gtar-compressed",
        "application/x-tgz", "application/x-bzip2", "application/x-xz", "application/zstd",
    ]
}

/// Extracts the images from a tar or ZIP archive as it arrives.
///
/// Each member is written to a spool of its own; its class is its album, see `AlbumLayout`. Names
/// are only data: no path is ever created from one. Files that are not photos are skipped and
/// counted, see `FileRule`. Links and devices with the name of a photo are refused individually and
/// never followed. A ZIP marks links only in its directory at the end, so those look like tiny
/// files that are not images.
final class ArchiveUpload: StreamedUpload {
    private struct State {
        var decoder: any ArchiveDecoder
        var images: ImageCollection
        /// Whether the current bytes belong to an image.
        var isWanted = false
    }

    private let parameters: JobParameters
    private let state: Mutex<State>

    /// Creates the decoder of an archive.
    init(
        _ format: ArchiveFormat,
        parameters: JobParameters,
        blobs: any BlobStorage,
        limits: UploadLimits
    ) {
        self.parameters = parameters
        let bounds = ArchiveLimits(
            maxMembers: limits.maxArchiveMembers,
            maxUnpackedBytes: limits.maxBodyBytes,
            maxRatio: limits.maxArchiveRatio
        )
        let decoder: any ArchiveDecoder =
            switch format {
            case .tar: TarDecoder(limits: bounds)
            case .zip: ZIPDecoder(limits: bounds)
            }
        state = Mutex(
            State(decoder: decoder, images: ImageCollection(blobs: blobs, limits: limits))
        )
    }

    func receive(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            state.decoder.receive(bytes)
            while let event = try state.decoder.next() {
                try handle(event, &state)
            }
        }
    }

    func finish() throws -> Upload {
        try state.withLock { state in
            try state.decoder.finish()
            let layout = AlbumLayout(photos: state.images.folders)
            let images = try state.images.finish { place($0, in: layout) }
            return try Upload(images, parameters, passedOver: state.images.passedOver)
        }
    }

    // MARK: - Events

    private func handle(_ event: ArchiveEvent, _ state: inout State) throws {
        switch event {
        case .memberBegan(let member): state.isWanted = try begin(member, &state.images)
        case .memberBytes(let bytes): if state.isWanted { try state.images.append(bytes) }
        case .memberEnded: if state.isWanted { try state.images.end() }
        }
    }

    /// Begins a member.
    ///
    /// - Returns: Whether it is an image.
    /// - Throws: ``APIError`` for an unsafe name; ``APIError/imagesTooMany(_:)``; faults of the
    ///   disk.
    private func begin(_ member: ArchiveMember, _ images: inout ImageCollection) throws -> Bool {
        guard member.kind != .folder else { return false }
        let path: ArchivePath
        do throws(ArchiveFault) {
            path = try ArchivePath(member.name)
        } catch {
            throw Self.unsafeName(member, error)
        }
        if let reason = FileRule.reason(folders: path.folders, name: path.name) {
            images.passOver(member.name, reason)
            return false
        }
        guard member.kind == .file else {
            if FileRule.isPhoto(named: path.name) {
                try images.refuse(
                    source: member.name,
                    name: path.name,
                    folders: path.folders,
                    Self.notAFile
                )
            } else {
                images.passOver(member.name, .link)
            }
            return false
        }
        try images.begin(
            source: member.name,
            name: path.name,
            folders: path.folders,
            isDeclaredImage: false
        )
        return true
    }

    /// Returns the class that the album names, or else the class in the query.
    private func place(
        _ image: ImageCollection.Collected,
        in layout: AlbumLayout
    ) -> ImageCollection.Placement {
        guard let album = layout.album(of: image.folders) else {
            return parameters.label.map { .of($0) } ?? .refused(Self.classMissing)
        }
        do throws(SettingsFault) {
            return .of(try ClassLabel(album))
        } catch {
            return .refused(
                ImageFailure(
                    code: error.code.rawValue,
                    detail: "The class is its folder's name. \(error.detail)"
                )
            )
        }
    }

    /// Refuses the whole archive because of a member with an unsafe name, which is no accident.
    private static func unsafeName(_ member: ArchiveMember, _ fault: ArchiveFault) -> APIError {
        let fault = fault.ofMember(member.number)
        var error = APIError(fault)
        error.faults = [
            Problem.FileFault(
                source: SourcePath.shown(member.name),
                code: fault.code.rawValue,
                detail: fault.detail
            )
        ]
        error.faultsTotal = 1
        return error
    }

    private static let classMissing = ImageFailure(
        code: UploadedImage.classMissing,
        detail:
            "The photo lies in no class folder, and the URL does not tell its class by ?class=NAME."
    )

    private static let notAFile = ImageFailure(
        code: "image_not_a_file",
        detail:
            "It is a link or a device in the archive; send the file itself (tar --dereference --hard-dereference)."
    )
}
