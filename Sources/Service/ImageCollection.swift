import BlobStore
import JobModel

/// The images of a request, one after the other as they come in, whatever holds them.
///
/// Each goes to disk through a spool of its own; those that are dropped with the collection leave nothing.
struct ImageCollection {
    private struct Open {
        let name: String?
        let label: ClassLabel
        var spool: ImageSpool
    }

    private let blobs: BlobStore
    private let limits: UploadLimits
    private var open: Open?
    private var images: [UploadedImage] = []

    init(blobs: BlobStore, limits: UploadLimits) {
        self.blobs = blobs
        self.limits = limits
    }

    /// Starts an image; it blocks on the disk, as everything here does.
    ///
    /// - Parameters:
    ///   - name: What its owner calls it.
    ///   - label: Its class, if any source has told one.
    /// - Throws: ``APIError/classMissing``, ``APIError/imagesTooMany(_:)``; faults of the disk.
    mutating func begin(name: String, label: ClassLabel?) throws {
        let label = try place(for: label)
        open = Open(
            name: ShownName.make(name),
            label: label,
            spool: try ImageSpool(in: blobs, maxBytes: limits.maxImageBytes)
        )
    }

    /// Takes the next bytes of the image.
    mutating func append(_ bytes: [UInt8]) throws {
        try open?.spool.append(bytes)
    }

    /// Ends the image.
    mutating func end() throws {
        guard let image = open else { return }
        open = nil
        images.append(UploadedImage(name: image.name, label: image.label, content: try image.spool.finish()))
    }

    /// Takes an image that is refused as it is, with the reason that the job reports for it.
    ///
    /// - Throws: As ``begin(name:label:)``.
    mutating func refuse(name: String, label: ClassLabel?, _ failure: ImageFailure) throws {
        let label = try place(for: label)
        images.append(UploadedImage(name: ShownName.make(name), label: label, content: .refused(failure)))
    }

    /// Ends the collection.
    ///
    /// - Returns: The images in order.
    /// - Throws: ``APIError/jobEmpty`` if there are none.
    func finish() throws(APIError) -> [UploadedImage] {
        guard !images.isEmpty else { throw .jobEmpty }
        return images
    }

    private func place(for label: ClassLabel?) throws(APIError) -> ClassLabel {
        guard let label else { throw .classMissing }
        guard images.count < limits.maxImages else { throw .imagesTooMany(limits.maxImages) }
        return label
    }
}
