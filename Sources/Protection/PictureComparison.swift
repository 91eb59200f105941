public import Imaging

/// How far two pictures are apart, of which one is said to be the other, protected.
public struct PictureComparison: Sendable, Equatable {
    /// Why two pictures cannot be compared.
    public enum Fault: Error, Sendable, Equatable {
        /// The original cannot be decoded.
        case originalUnreadable(ImagingError)
        /// The protected picture cannot be decoded.
        case protectedUnreadable(ImagingError)
        /// They do not have the same number of columns, rows, channels or bits.
        case differentShape(String)
    }

    /// What became of the colours that the original's samples mean.
    public enum Colors: Sendable, Equatable {
        /// They are the same: by the same profile, byte for byte, the same code points, or what a PNG says instead.
        case kept
        /// The original is a HEIC or AVIF whose colours are nearly those of sRGB, for which the protected picture takes them, as earlier versions did.
        case takenForSRGB
        /// The original's profile cannot be used, and the protected picture has none.
        case profileLeftOut(Omission.Reason)
        /// They are others. Those that a PNG tells by EXIF alone are lost, since no viewer of PNG looks there.
        case changed

        /// Whether nothing is lost that could be kept.
        public var areKept: Bool { self != .changed }
    }

    /// Columns of both.
    public let width: Int
    /// Rows of both, once the original's orientation was applied.
    public let height: Int
    /// Bits of a sample of both.
    public let depth: SampleDepth
    /// The distance of the colour samples.
    public let quality: ImageQuality
    /// Whether every pixel is as transparent as it was, and those that cannot be seen have their colours still.
    public let keepsTransparency: Bool
    /// Whether the samples mean the same colours.
    public let colors: Colors

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
        guard first.width == second.width, first.height == second.height, first.layout == second.layout,
            first.depth == second.depth
        else {
            throw .differentShape("The original has \(Self.shape(first)), the protected picture \(Self.shape(second)).")
        }
        width = first.width
        height = first.height
        depth = first.depth
        quality = ImageQuality(first, second)
        keepsTransparency = Self.keepsTransparency(first, second)
        colors = Self.colors(first, second)
    }

    private static func shape(_ photo: Photo) -> String {
        "\(photo.width) x \(photo.height) pixels (\(photo.layout.rawValue), \(photo.depth.rawValue) bits)"
    }

    private static func colors(_ first: Photo, _ second: Photo) -> Colors {
        guard first.iccProfile == second.iccProfile, first.colorimetry == second.colorimetry, !second.hasColorsByEXIF
        else { return .changed }
        if first.codePoints == second.codePoints {
            let fault = first.colorOmissions.first { $0.part == .iccProfile }
            return fault.map { .profileLeftOut($0.reason) } ?? .kept
        }
        guard let codePoints = first.codePoints, second.codePoints == nil else { return .changed }
        // A profile that says the same is enough.
        if let profile = first.iccProfile { return profile == codePoints.profile ? .kept : .changed }
        return first.sourceFormat == .heic || first.sourceFormat == .avif ? .takenForSRGB : .changed
    }

    private static func keepsTransparency(_ first: Photo, _ second: Photo) -> Bool {
        guard first.layout.hasAlpha else { return true }
        let pixelBytes = first.pixelBytes
        let colorBytes = first.layout.colorChannels * first.depth.byteCount
        return stride(from: 0, to: first.samples.count, by: pixelBytes).allSatisfy { pixel in
            let alpha = pixel + colorBytes..<pixel + pixelBytes
            guard first.samples[alpha] == second.samples[alpha] else { return false }
            let color = pixel..<pixel + colorBytes
            return first.samples[alpha].contains { $0 > 0 } || first.samples[color] == second.samples[color]
        }
    }
}
