public import Imaging
public import JobModel

/// Compares an original with a picture that is claimed to be its protected version.
public struct PictureComparison: Sendable, Equatable {
    /// Why two pictures cannot be compared.
    public enum Fault: Error, Sendable, Equatable {
        /// The original could not be decoded.
        case originalUnreadable(ImagingError)
        /// The protected picture could not be decoded.
        case protectedUnreadable(ImagingError)
        /// The pictures differ in size, channels or bit depth; the text says how.
        case differentShape(String)
    }

    /// Whether the samples of both pictures mean the same colours.
    public enum Colors: Sendable, Equatable {
        /// The colours are the same: both have the same ICC profile, byte for byte, and the same
        /// code points and other PNG colour statements.
        ///
        /// A profile equivalent to the original's code points may also replace them.
        case kept
        /// The original is a HEIC or AVIF with colours close to sRGB, and the protected picture is
        /// plain sRGB, as earlier versions wrote it.
        case takenForSRGB
        /// The original's profile is unusable, and the protected picture has none.
        case profileLeftOut(Omission.Reason)
        /// The colours differ.
        ///
        /// This includes a protected picture that states its colours only in EXIF, because PNG
        /// viewers ignore that.
        case changed

        /// Whether all usable colour statements were kept.
        public var areKept: Bool { self != .changed }
    }

    /// The format of the protected picture.
    ///
    /// Only a lossless one can keep a bound.
    public let format: OutputFormat
    /// The number of columns of both, after a larger original was scaled.
    public let width: Int
    /// The number of rows of both, after the original's orientation was applied.
    public let height: Int
    /// The number of bits per sample of both.
    public let depth: SampleDepth
    /// The difference between the colour samples.
    public let quality: ImageQuality
    /// Whether every pixel keeps its alpha, and every fully transparent one its colour samples
    /// unless the format is lossy.
    public let keepsTransparency: Bool
    /// Whether the samples mean the same colours.
    public let colors: Colors

    /// Decodes and compares two pictures.
    ///
    /// The original is first treated as for delivery in the protected picture's format: scaled,
    /// and for lossy formats reduced to 8 bits and put on white where JPEG has no transparency.
    ///
    /// - Parameters:
    ///   - original: The file that was protected, treated as hostile.
    ///   - protected: The file claimed to be the result, treated as hostile.
    ///   - maxSide: The longer side to which a larger original was scaled; `nil` if it was not, or
    ///     if it is not known. A lossy picture is then compared at its own size.
    ///   - limits: The bounds on both, checked before they are decoded.
    /// - Throws: ``Fault``.
    public init(
        original: [UInt8],
        protected: [UInt8],
        maxSide: Int? = nil,
        limits: ImageLimits = ImageLimits()
    ) throws(Fault) {
        var (first, second): (Photo, Photo)
        do throws(ImagingError) {
            first = try PhotoDecoder.decode(original, limits: limits)
        } catch {
            throw .originalUnreadable(error)
        }
        do throws(ImagingError) {
            second = try PhotoDecoder.decode(protected, limits: limits)
        } catch {
            throw .protectedUnreadable(error)
        }
        // Pictures of other formats are compared as if they were lossless.
        format = OutputFormat(of: protected) ?? .png
        let ownSide = format.isLossless ? nil : max(second.width, second.height)
        first = first.prepared(for: format, maxSide: maxSide ?? ownSide)
        if format == .webp, second.layout.colorChannels > first.layout.colorChannels {
            first = first.inColor()
        }
        guard first.width == second.width, first.height == second.height,
            first.layout == second.layout,
            first.depth == second.depth
        else {
            throw .differentShape(
                """
                The original has \(Self.shape(first)), the protected picture \
                \(Self.shape(second)).
                """
            )
        }
        width = first.width
        height = first.height
        depth = first.depth
        quality = ImageQuality(first, second)
        keepsTransparency = Self.keepsTransparency(first, second, format)
        colors = Self.colors(first, second)
    }

    private static func shape(_ photo: Photo) -> String {
        """
        \(photo.width) x \(photo.height) pixels (\(photo.layout.rawValue), \(photo.depth.rawValue) \
        bits)
        """
    }

    private static func colors(_ first: Photo, _ second: Photo) -> Colors {
        guard first.iccProfile == second.iccProfile, first.colorimetry == second.colorimetry,
            !second.hasColorsByEXIF
        else { return .changed }
        if first.codePoints == second.codePoints {
            let fault = first.colorOmissions.first { $0.part == .iccProfile }
            return fault.map { .profileLeftOut($0.reason) } ?? .kept
        }
        guard let codePoints = first.codePoints, second.codePoints == nil else { return .changed }
        // An equivalent profile in place of the code points is enough.
        if let profile = first.iccProfile {
            return profile == codePoints.profile ? .kept : .changed
        }
        return first.sourceFormat == .heic || first.sourceFormat == .avif ? .takenForSRGB : .changed
    }

    private static func keepsTransparency(
        _ first: Photo,
        _ second: Photo,
        _ format: OutputFormat
    ) -> Bool {
        guard first.layout.hasAlpha else { return true }
        let pixelBytes = first.pixelBytes
        let colorBytes = first.layout.colorChannels * first.depth.byteCount
        return stride(from: 0, to: first.samples.count, by: pixelBytes).allSatisfy { pixel in
            let alpha = pixel + colorBytes..<pixel + pixelBytes
            guard first.samples[alpha] == second.samples[alpha] else { return false }
            let color = pixel..<pixel + colorBytes
            // A lossy format changes the colours that nobody sees, too.
            return !format.isLossless || first.samples[alpha].contains { $0 > 0 }
                || first.samples[color] == second.samples[color]
        }
    }
}
