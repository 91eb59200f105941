import Imaging
import JobModel

extension Protector {
    /// Creates the requested attachments.
    static func make(
        _ kinds: Set<AttachmentKind>,
        of original: Photo,
        protected: Photo
    ) throws(ImageFailure) -> [AttachmentKind: [UInt8]] {
        var made: [AttachmentKind: [UInt8]] = [:]
        do throws(ImagingError) {
            for kind in kinds {
                switch kind {
                case .previewBefore: made[kind] = try original.preview()
                case .previewAfter: made[kind] = try protected.preview()
                case .recovery: made[kind] = try PixelDifference.make(from: original, to: protected)
                }
            }
        } catch {
            throw ImageFailure(error)
        }
        return made
    }
}
