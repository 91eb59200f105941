import BlobStorage
import ImageHeader
import JobModel

/// Writes one image to disk as it arrives, and discards it once it exceeds the size limit.
struct ImageSpool: Sendable {
    private let spool: any BlobSpool
    private let maxBytes: UInt64
    private let maxPixels: Int
    private var header = ImageHeaderReader()
    private(set) var isTooLarge = false

    /// Begins an image; blocks on the disk, like every method here.
    init(in blobs: any BlobStorage, limits: UploadLimits) throws {
        spool = try blobs.newSpool()
        maxBytes = limits.maxImageBytes
        maxPixels = limits.maxPixels
    }

    /// Whether no byte has arrived.
    var isEmpty: Bool { spool.size == 0 && !isTooLarge }

    /// Appends bytes.
    mutating func append(_ bytes: [UInt8]) throws {
        guard !isTooLarge else { return }
        guard spool.size + UInt64(bytes.count) <= maxBytes else {
            isTooLarge = true
            spool.discard()
            return
        }
        header.receive(bytes)
        try spool.append(bytes)
    }

    /// Ends the image without flushing it; ``ImageCollection`` or the caller that files it does
    /// that.
    func finish() -> UploadedImage.Content {
        if isTooLarge { return .refused(Self.tooLarge(maxBytes)) }
        if isEmpty {
            return .refused(ImageFailure(code: "image_empty", detail: "The file is empty."))
        }
        let pixels = header.size.map {
            ImageCost.pixels(width: $0.width, height: $0.height, limit: maxPixels)
        }
        return .spooled(
            spool,
            pixels: pixels ?? ImageCost.estimate(bytes: spool.size, limit: maxPixels)
        )
    }

    /// Returns the refusal of an image that exceeds the size limit.
    static func tooLarge(_ maxBytes: UInt64) -> ImageFailure {
        ImageFailure(
            code: "image_too_large",
            detail: "The file is larger than \(maxBytes) bytes, the most an image may have."
        )
    }
}
