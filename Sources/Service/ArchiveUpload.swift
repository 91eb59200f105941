import Archive
import BlobStore
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
        "application/gzip", "application/x-gzip", "application/x-compressed-tar", "application/x-gtar-compressed",
        "application/x-tgz", "application/x-bzip2", "application/x-xz", "application/zstd",
    ]
}

/// Takes the images out of a tar or a ZIP while it comes in: each member goes through a spool of its own, its first folder is its class.
///
/// Names are data: nothing is unpacked by them. Folders, hidden files and what macOS and Windows put beside photos are passed over; links and
/// devices are refused each for itself, and lead nowhere. A ZIP tells of links only at its end: they are files of a few bytes, and no images.
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
    init(_ format: ArchiveFormat, parameters: JobParameters, blobs: BlobStore, limits: UploadLimits) {
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
        state = Mutex(State(decoder: decoder, images: ImageCollection(blobs: blobs, limits: limits)))
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
            return try Upload(try state.images.finish(), parameters)
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
        do throws(ArchiveFault) { path = try ArchivePath(member.name) } catch { throw error.ofMember(member.number) }
        guard !path.isPassedOver else { return false }
        let label = try label(of: path, member.number)
        guard member.kind == .file else {
            try images.refuse(name: path.name, label: label, Self.notAFile)
            return false
        }
        try images.begin(name: path.name, label: label)
        return true
    }

    private func label(of path: ArchivePath, _ number: Int) throws -> ClassLabel? {
        guard let folder = path.folder else { return parameters.label }
        do throws(SettingsFault) {
            return try ClassLabel(folder)
        } catch {
            let place = "Member \(number) of the archive: its class is the first folder of its name."
            throw APIError(.badRequest, error.code.rawValue, "\(place) \(error.detail)")
        }
    }

    private static let notAFile = ImageFailure(
        code: "image_not_a_file",
        detail: "It is a link or a device in the archive; send the file itself (tar --dereference --hard-dereference)."
    )
}
