import BlobStorage
import Dispatch
import JobModel
import Synchronization

/// The images of a request, one after the other as they come in, whatever holds them.
///
/// Each goes to disk through a spool of its own; those that are dropped with the collection leave nothing. Which class each of them has
/// is asked at the end, when all of them are known.
struct ImageCollection {
    /// An image as it came in, without a class.
    struct Collected {
        /// What its owner calls it, see `SourcePath`.
        let source: String
        /// The name of its file alone.
        let name: String?
        /// The folders that it lies in.
        let folders: [String]
        /// The class that stood before it, if any did.
        let label: ClassLabel?
        let content: UploadedImage.Content
    }

    /// What becomes of an image for its class.
    enum Placement {
        case of(ClassLabel)
        case refused(ImageFailure)
    }

    private struct Open {
        let source: String
        let name: String
        let folders: [String]
        let label: ClassLabel?
        var spool: ImageSpool
        /// The first bytes, where they are to show whether it is a photo at all.
        var beginning: [UInt8]?
    }

    /// So many files are sealed at once: a file system that has one to write through takes a dozen along in hardly more time.
    private static let sealedAtOnce = 16

    private let blobs: any BlobStorage
    private let limits: UploadLimits
    private var open: Open?
    /// Spools that are complete, and still have their descriptors.
    private var unsealed: [any BlobSpool] = []
    private var images: [Collected] = []
    /// The files that are no photos.
    private(set) var passedOver = PassedOver()

    init(blobs: any BlobStorage, limits: UploadLimits) {
        self.blobs = blobs
        self.limits = limits
    }

    /// Starts an image; it blocks on the disk, as everything here does.
    ///
    /// - Parameters:
    ///   - source: What its owner calls it, folders and all.
    ///   - name: The name of its file alone; its last part counts.
    ///   - folders: The folders that it lies in.
    ///   - label: Its class, if one has been told before it.
    ///   - isMeant: Whether it is an image whatever is in it; if not, it is passed over if neither name nor bytes are a photo's.
    /// - Throws: ``APIError/imagesTooMany(_:)``; faults of the disk.
    mutating func begin(
        source: String,
        name: String,
        folders: [String] = [],
        label: ClassLabel? = nil,
        isMeant: Bool
    ) throws {
        try requireRoom()
        open = Open(
            source: source,
            name: name,
            folders: folders,
            label: label,
            spool: try ImageSpool(in: blobs, limits: limits),
            beginning: isMeant || FileRule.isPhoto(named: name) ? nil : []
        )
    }

    /// Takes the next bytes of the image.
    mutating func append(_ bytes: [UInt8]) throws {
        if let beginning = open?.beginning, beginning.count < FileRule.beginning {
            open?.beginning = beginning + bytes.prefix(FileRule.beginning - beginning.count)
        }
        try open?.spool.append(bytes)
    }

    /// Ends the image.
    mutating func end() throws {
        guard let image = open else { return }
        open = nil
        if let beginning = image.beginning, !FileRule.isPhoto(beginningWith: beginning) {
            return passOver(image.source, .other)
        }
        let content = image.spool.finish()
        add(
            source: image.source,
            name: image.name,
            folders: image.folders,
            label: image.label,
            content
        )
        guard case .spooled(let spool, _) = content else { return }
        unsealed.append(spool)
        if unsealed.count == Self.sealedAtOnce { try seal() }
    }

    /// Takes an image that is refused as it is, with the reason that the job reports for it.
    ///
    /// - Throws: ``APIError/imagesTooMany(_:)``.
    mutating func refuse(
        source: String,
        name: String,
        folders: [String],
        _ failure: ImageFailure
    ) throws {
        try requireRoom()
        add(source: source, name: name, folders: folders, label: nil, .refused(failure))
    }

    /// Counts a file that is no photo.
    mutating func passOver(_ source: String, _ reason: PassOverReason) {
        passedOver.add(source, reason)
    }

    /// The folders that each image lies in.
    var folders: [[String]] { images.map(\.folders) }

    /// Ends the collection.
    ///
    /// - Parameter place: Tells the class of an image, or why it has none.
    /// - Returns: The images in order, their bytes safe on disk.
    /// - Throws: ``APIError/jobEmpty`` if there are none; ``APIError/nothingTaken(_:)`` if none can be taken and some for want of a class;
    ///   faults of the disk.
    mutating func finish(_ place: (Collected) -> Placement) throws -> [UploadedImage] {
        guard !images.isEmpty else { throw APIError.jobEmpty(passedOver) }
        let placed = images.map { image in
            let (label, content): (ClassLabel?, UploadedImage.Content) =
                switch place(image) {
                case .of(let label): (label, image.content)
                case .refused(let failure): (nil, .refused(failure))
                }
            return UploadedImage(
                name: image.name,
                source: image.source,
                label: label,
                content: content
            )
        }
        images = []
        guard
            placed.contains(where: { $0.content.pixels != nil })
                || placed.allSatisfy({ $0.label != nil })
        else {
            throw APIError.nothingTaken(placed)
        }
        try seal()
        return placed
    }

    private mutating func seal() throws {
        let spools = unsealed
        unsealed = []
        let fault = Mutex<BlobStorageError?>(nil)
        DispatchQueue.concurrentPerform(iterations: spools.count) { index in
            do throws(BlobStorageError) {
                try spools[index].seal()
            } catch {
                fault.withLock { $0 = error }
            }
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
    }

    private mutating func add(
        source: String,
        name: String,
        folders: [String],
        label: ClassLabel?,
        _ content: UploadedImage.Content
    ) {
        images.append(
            Collected(
                source: SourcePath.shown(source),
                name: ShownName.make(name),
                folders: folders,
                label: label,
                content: content
            )
        )
    }

    private func requireRoom() throws(APIError) {
        guard images.count < limits.maxImages else { throw .imagesTooMany(limits.maxImages) }
    }
}
