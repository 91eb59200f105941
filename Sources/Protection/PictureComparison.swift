public import Imaging

/// How far two pictures are apart, of which one is said to be the other, protected.
public struct PictureComparison: Sendable, Equatable {
    /// Why two pictures cannot be compared.
    public enum Fault: Error, Sendable, Equatable {
        /// The original cannot be decoded.
        case originalUnreadable(ImagingError)
        /// The protected picture cannot be decoded.
        case protectedUnreadable(ImagingError)
        /// They do not have the same number of columns, rows or channels.
        case differentShape(String)
    }

    /// Columns of both.
    public let width: Int
    /// Rows of both, once the original's orientation was applied.
    public let height: Int
    /// The distance of the colour samples.
    public let quality: ImageQuality
    /// Whether every pixel is as transparent as it was, and those that cannot be seen have their colours still.
    public let keepsTransparency: Bool
    /// Whether the colour profile is the same, byte for byte.
    public let keepsProfile: Bool

    /// Decodes and compares.
    ///
    /// - Parameters:
    ///   - original: The file that was protected, taken for hostile.
    ///   - protected: What is said to have come of it, taken for hostile.
    ///   - limits: What both may claim before they are decoded.
    /// - Throws: ``Fault``.
    public init(
        original: [UInt8],
        protected: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) throws(Fault) {
        let (first, second): (Photo, Photo)
        do throws(ImagingError) { first = try PhotoDecoder.decode(original, limits: limits) } catch {
            throw .originalUnreadable(error)
        }
        do throws(ImagingError) { second = try PhotoDecoder.decode(protected, limits: limits) } catch {
            throw .protectedUnreadable(error)
        }
        guard first.width == second.width, first.height == second.height, first.layout == second.layout else {
            throw .differentShape(
                "The original has \(first.width) x \(first.height) pixels (\(first.layout.rawValue)), "
                    + "the protected picture \(second.width) x \(second.height) (\(second.layout.rawValue))."
            )
        }
        width = first.width
        height = first.height
        quality = ImageQuality(first, second)
        keepsTransparency = Self.keepsTransparency(first, second)
        keepsProfile = first.iccProfile == second.iccProfile
    }

    private static func keepsTransparency(_ first: Photo, _ second: Photo) -> Bool {
        let channels = first.layout.channels
        guard first.layout.hasAlpha else { return true }
        return stride(from: 0, to: first.samples.count, by: channels).allSatisfy { pixel in
            let alpha = pixel + channels - 1
            guard first.samples[alpha] == second.samples[alpha] else { return false }
            return first.samples[alpha] > 0 || first.samples[pixel..<alpha] == second.samples[pixel..<alpha]
        }
    }
}
