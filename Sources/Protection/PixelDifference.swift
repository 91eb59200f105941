public import Cryptography
public import Imaging

/// What was added to a photo's pixels, so that it can be taken away again to the last bit.
///
/// The file is ``hash(of:)`` of the photo, 32 bytes, and a PNG of the photo's layout and depth in which each sample is the protected
/// one less the original one, modulo 256 or 65,536. Alpha is a sample like the others.
public struct PixelDifference: Sendable {
    /// The hash of the photo's pixels, see ``hash(of:)``.
    public let originalSHA256: SHA256Digest
    private let png: [UInt8]

    /// Makes the file.
    ///
    /// - Parameters:
    ///   - original: The photo as it was decoded.
    ///   - protected: What it became, of the same sizes, layout and depth.
    /// - Returns: The file's bytes.
    /// - Throws: ``ImagingError`` when there is no memory for it.
    static func make(from original: Photo, to protected: Photo) throws(ImagingError) -> [UInt8] {
        var difference = protected
        difference.iccProfile = nil
        difference.codePoints = nil
        difference.colorimetry = nil
        // It would turn the difference when that is read, and says nothing of it.
        difference.metadata = PhotoMetadata()
        subtract(original.samples, from: &difference.samples, depth: original.depth)
        return hash(of: original).bytes + (try PNGEncoder.encode(difference))
    }

    /// Takes a file apart; `nil` for what is none.
    public init?(_ bytes: [UInt8]) {
        guard let digest = SHA256Digest(bytes: Array(bytes.prefix(SHA256Digest.byteCount))) else { return nil }
        originalSHA256 = digest
        png = Array(bytes.dropFirst(SHA256Digest.byteCount))
    }

    /// Takes the difference away from a protected picture.
    ///
    /// - Parameters:
    ///   - protected: The protected picture's file.
    ///   - limits: What a picture may claim before it is decoded.
    /// - Returns: The photo as it was, whose pixels have been compared with their hash, with the picture's profile; `nil` if they are others.
    /// - Throws: ``ImagingError`` for files that are no PNGs, which both are.
    public func original(
        of protected: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) throws(ImagingError) -> Photo? {
        // No other decoder has to do with them, whatever their maker would like.
        guard ImageFormat.detect(protected) == .png, ImageFormat.detect(png) == .png else {
            throw ImagingError(.unsupported, "The protected picture or what was added to it is not a PNG.")
        }
        var photo = try PhotoDecoder.decode(protected, limits: limits)
        let difference = try PhotoDecoder.decode(png, limits: limits)
        guard (photo.width, photo.height) == (difference.width, difference.height), photo.layout == difference.layout,
            photo.depth == difference.depth
        else { return nil }
        Self.subtract(difference.samples, from: &photo.samples, depth: photo.depth)
        return Self.hash(of: photo) == originalSHA256 ? photo : nil
    }

    /// The SHA-256 of `WIDTH HEIGHT LAYOUT BITS`, a line end, and the samples as they lie in memory.
    public static func hash(of photo: Photo) -> SHA256Digest {
        var hash = SHA256()
        let head = "\(photo.width) \(photo.height) \(photo.layout.rawValue) \(photo.depth.rawValue)\n"
        hash.update(Array(head.utf8))
        hash.update(photo.samples)
        return hash.finalize()
    }

    /// Subtracts samples from others, each modulo its range.
    private static func subtract(_ other: [UInt8], from samples: inout [UInt8], depth: SampleDepth) {
        switch depth {
        case .eight:
            for index in samples.indices { samples[index] &-= other[index] }
        case .sixteen:
            for index in stride(from: 0, to: samples.count, by: 2) {
                let low = Int(samples[index + 1]) - Int(other[index + 1])
                samples[index + 1] = UInt8(truncatingIfNeeded: low)
                samples[index] = samples[index] &- other[index] &- (low < 0 ? 1 : 0)
            }
        }
    }
}
