import CodecProtocol
import Cryptography
import ImageHeader

extension CodecImage {
    /// Whether the photo is worth several threads, by its header.
    var isLarge: Bool {
        var reader = ImageHeaderReader()
        reader.receive(photo.bytes)
        guard let size = reader.size else { return false }
        let (pixels, isHuge) = size.width.multipliedReportingOverflow(by: size.height)
        return isHuge || pixels >= CoreShares.fewestPixels
    }
}
