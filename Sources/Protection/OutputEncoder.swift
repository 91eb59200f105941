import Imaging
import JobModel

/// Writes protected photos in the format that was asked for.
struct OutputEncoder {
    /// The compression level of PNGs.
    let compressionLevel: Int
    /// The bounds on a lossy file when it is decoded again.
    let limits: ImageLimits
    /// Runs bands of the photo; no file depends on it.
    let bands: BandRunner

    /// A file, and for a lossy format what is seen of it.
    struct Encoded {
        /// The bytes of the file.
        let file: [UInt8]
        /// The decoded file; `nil` for a lossless format, which gives back the photo.
        let decoded: Photo?
    }

    /// Encodes a photo and decodes it again if the format changes the samples.
    func encode(
        _ photo: consuming Photo,
        as output: OutputSettings
    ) throws(ImageFailure) -> Encoded {
        do throws(ImagingError) {
            let quality = output.quality ?? OutputSettings.standardQuality
            let file: [UInt8]
            switch output.format {
            case .png:
                file = try PNGEncoder.encode(
                    photo,
                    compressionLevel: compressionLevel,
                    bands: bands
                )
                return Encoded(file: file, decoded: nil)
            case .jpeg:
                let isHalf = output.chroma == .half
                file = try JPEGEncoder.encode(photo, quality: quality, halvesChroma: isHalf)
            case .webp:
                file = try WebPEncoder.encode(photo, quality: quality)
            }
            return Encoded(file: file, decoded: try PhotoDecoder.decode(file, limits: limits))
        } catch {
            throw ImageFailure(error)
        }
    }
}
