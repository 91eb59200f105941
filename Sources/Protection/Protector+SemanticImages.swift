import Imaging
import JobModel

extension Protector {
    /// Makes of a picture what is kept as an imported semantic image.
    ///
    /// It becomes a PNG of 8-bit RGB: upright, gray repeated, alpha and colour profile dropped, and scaled down with antialias if a
    /// side is longer than ``ImportedSemanticImage/maxSide``. A picture that needs none of that keeps its samples.
    ///
    /// - Parameter input: The file, taken for hostile.
    /// - Returns: The PNG file.
    /// - Throws: ``ProtectionError``; with equal input always the same.
    public func keptSemanticImage(of input: [UInt8]) throws(ProtectionError) -> [UInt8] {
        do throws(ImagingError) {
            let picture = try PhotoDecoder.decode(input, limits: limits)
            let (width, height) = Self.keptSize(of: picture)
            let planes = picture.planarRGB(scaledTo: width, height: height)
            return try PNGEncoder.encode(
                Photo(width: width, height: height, layout: .rgb, samples: planes.interleavedRGB)
            )
        } catch {
            throw ProtectionError(error)
        }
    }

    private static func keptSize(of picture: Photo) -> (width: Int, height: Int) {
        let long = max(picture.width, picture.height)
        guard long > ImportedSemanticImage.maxSide else { return (picture.width, picture.height) }
        func scaled(_ side: Int) -> Int {
            max(1, (2 * side * ImportedSemanticImage.maxSide + long) / (2 * long))
        }
        return (scaled(picture.width), scaled(picture.height))
    }
}

extension PlanarImage {
    /// The three planes as 8-bit samples, pixel by pixel, rounded; what is outside [0, 1] becomes its nearest end.
    var interleavedRGB: [UInt8] {
        let count = width * height
        var bytes = [UInt8](repeating: 0, count: 3 * count)
        for channel in 0..<3 {
            for pixel in 0..<count {
                bytes[pixel * 3 + channel] = UInt8(min(max(samples[channel * count + pixel], 0), 1) * 255 + 0.5)
            }
        }
        return bytes
    }
}
