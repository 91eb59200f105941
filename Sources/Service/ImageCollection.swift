import BlobStore
import Dispatch
import JobModel
import Synchronization

/// The images of a request, one after the other as they come in, whatever holds them.
///
/// Each goes to disk through a spool of its own; those that are dropped with the collection leave nothing.
struct ImageCollection {
    private struct Open {
        let name: String?
        let label: ClassLabel
        var spool: ImageSpool
    }

    /// So many files are sealed at once: a file system that has one to write through takes a dozen along in hardly more time.
    private static let sealedAtOnce = 16

    private let blobs: BlobStore
    private let limits: UploadLimits
    private var open: Open?
    /// Spools that are complete, and still have their descriptors.
    private var unsealed: [Spool] = []
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
            spool: try ImageSpool(in: blobs, limits: limits)
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
        let content = image.spool.finish()
        images.append(UploadedImage(name: image.name, label: image.label, content: content))
        guard case .spooled(let spool, _) = content else { return }
        unsealed.append(spool)
        if unsealed.count == Self.sealedAtOnce { try seal() }
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
    /// - Returns: The images in order, their bytes safe on disk.
    /// - Throws: ``APIError/jobEmpty`` if there are none; faults of the disk.
    mutating func finish() throws -> [UploadedImage] {
        guard !images.isEmpty else { throw APIError.jobEmpty }
        try seal()
        return images
    }

    private mutating func seal() throws {
        let spools = unsealed
        unsealed = []
        let fault = Mutex<BlobStoreError?>(nil)
        DispatchQueue.concurrentPerform(iterations: spools.count) { index in
            do throws(BlobStoreError) {
                try spools[index].seal()
            } catch {
                fault.withLock { $0 = error }
            }
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
    }

    private func place(for label: ClassLabel?) throws(APIError) -> ClassLabel {
        guard let label else { throw .classMissing }
        guard images.count < limits.maxImages else { throw .imagesTooMany(limits.maxImages) }
        return label
    }
}
