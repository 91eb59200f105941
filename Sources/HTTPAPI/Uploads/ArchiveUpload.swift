import Archive
import BlobStorage
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Synchronization

/// The archives that hold the images of a job.
enum ArchiveFormat {
    case tar
    case zip

    /// The format that a media type names.
    init?(_ mediaType: MediaType) {
        switch mediaType.essence {
        case "application/x-tar", "application/tar": self = .tar
        case "application/zip", "application/x-zip-compressed": self = .zip
        default: return nil
        }
    }

    /// The media types of archives that are compressed as a whole.
    static let compressedTypes: Set<String> = [
        "application/gzip", "application/x-gzip", "application/x-compressed-tar",
        "application/x-gtar-compressed",
        "application/x-tgz", "application/x-bzip2", "application/x-xz", "application/zstd",
    ]
}

/// Takes the images out of a tar or a ZIP while it comes in: each member goes through a spool of its own, and its class is its album, see
/// `AlbumLayout`.
///
/// Names are data: nothing is unpacked by them. What is no photo is passed over and counted, see `FileRule`; links and devices that are
/// called like photos are refused each for itself, and lead nowhere. A ZIP tells of links only at its end: they are files of a few bytes,
/// and no images.
final class ArchiveUpload: StreamedUpload {
    private struct State {
        var decoder: any ArchiveDecoder
        var images: ImageCollection
        /// Whether the bytes that come are an image's.
        var isWanted = false
    }

    private let parameters: JobParameters
    private let state: Mutex<State>

    /// Starts an archive.
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

    /// Starts a member.
    ///
    /// - Returns: Whether it is an image.
    private func begin(_ member: ArchiveMember, _ images: inout ImageCollection) throws -> Bool {
        guard member.kind != .folder else { return false }
        let path: ArchivePath
        do throws(ArchiveFault) {
            path = try ArchivePath(member.name)
        } catch {
            throw Self.hostile(member, error)
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
            isMeant: false
        )
        return true
    }

    /// The album's name, and without one the class that the query tells.
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

    /// An archive with a name that leads elsewhere is no accident, and refused as a whole.
    private static func hostile(_ member: ArchiveMember, _ fault: ArchiveFault) -> APIError {
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
