import BlobStorage
import JobModel

/// Collects the images of a request as they arrive, whatever the format of the body.
///
/// Each image is written to a spool of its own; dropping the collection leaves nothing behind. The
/// classes are determined at the end, when all images are known.
struct ImageCollection {
    /// An image as it arrived, before its class is determined.
    struct Collected {
        /// The file's name or path as the client sent it, in displayable form; see `SourcePath`.
        let source: String
        /// The displayable file name without folders.
        let name: String?
        /// The folders that contain it, outermost first.
        let folders: [String]
        /// The class that was set before it, if any.
        let label: ClassLabel?
        let content: UploadedImage.Content
    }

    /// The class of an image, or the reason for its refusal.
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
        /// The first bytes, if these decide whether the file is a photo; `nil` if it counts as one
        /// anyway.
        var prefix: [UInt8]?
    }

    /// The number of files that are flushed to disk at once, which hardly takes longer than one.
    private static let sealedAtOnce = 64

    private let blobs: any BlobStorage
    private let limits: UploadLimits
    private var open: Open?
    /// Complete spools whose descriptors are still open.
    private var unsealed: [any BlobSpool] = []
    private var images: [Collected] = []
    /// The skipped files.
    private(set) var passedOver = PassedOver()

    init(blobs: any BlobStorage, limits: UploadLimits) {
        self.blobs = blobs
        self.limits = limits
    }

    /// Begins an image; blocks on the disk, like every method here.
    ///
    /// - Parameters:
    ///   - source: The file's name or path as the client sent it.
    ///   - name: The file name; only its last path component counts.
    ///   - folders: The folders that contain it, outermost first.
    ///   - label: The class that was set before it, if any.
    ///   - isDeclaredImage: Whether the file is an image whatever it contains. If not, it is
    ///     skipped unless its name or its first bytes are those of a photo.
    /// - Throws: ``APIError/imagesTooMany(_:)``; faults of the disk.
    mutating func begin(
        source: String,
        name: String,
        folders: [String] = [],
        label: ClassLabel? = nil,
        isDeclaredImage: Bool
    ) throws {
        try requireRoom()
        open = Open(
            source: source,
            name: name,
            folders: folders,
            label: label,
            spool: try ImageSpool(in: blobs, limits: limits),
            prefix: isDeclaredImage || FileRule.isPhoto(named: name) ? nil : []
        )
    }

    /// Appends bytes to the current image.
    mutating func append(_ bytes: [UInt8]) throws {
        if let prefix = open?.prefix, prefix.count < FileRule.prefixLength {
            open?.prefix = prefix + bytes.prefix(FileRule.prefixLength - prefix.count)
        }
        try open?.spool.append(bytes)
    }

    /// Ends the current image.
    mutating func end() throws {
        guard let image = open else { return }
        open = nil
        if let prefix = image.prefix, !FileRule.isPhoto(beginningWith: prefix) {
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

    /// Adds an image that is refused; the job reports the reason.
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

    /// Counts a file that is not a photo.
    mutating func passOver(_ source: String, _ reason: PassOverReason) {
        passedOver.add(source, reason)
    }

    /// The folders of each image.
    var folders: [[String]] { images.map(\.folders) }

    /// Ends the collection.
    ///
    /// - Parameter place: Returns the class of an image, or the reason why it has none.
    /// - Returns: The images in order, their bytes flushed to disk.
    /// - Throws: ``APIError/jobEmpty(_:)`` without images; ``APIError/nothingTaken(_:)`` if none is
    ///   usable and at least one lacks a class; faults of the disk.
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
        try blobs.seal(spools)
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
