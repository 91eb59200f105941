import CodecHost
import CodecProtocol

/// Protects pictures outside the queue; the service's codec processes do.
protocol PicturePreviewing: Sendable {
    /// Protects a picture, as ``CodecPool/previewPicture(reading:)`` does.
    func previewPicture(
        reading read: @Sendable () async throws -> CodecImage
    ) async throws -> PicturePreview
}

extension CodecPool: PicturePreviewing {}
