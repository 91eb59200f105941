public import Cryptography
public import Imaging

/// The change to a photo's samples, from which the original samples can be recovered exactly.
///
/// The file is ``hash(of:)`` of the photo (32 bytes), followed by a PNG of the photo's layout and
/// depth. Each sample of the PNG is the protected one minus the original one, modulo 256 or 65,536.
/// Alpha is treated like any other sample.
public struct PixelDifference: Sendable {
    /// The digest of the original photo's samples; see ``hash(of:)``.
    public let originalSHA256: SHA256Digest
    private let png: [UInt8]

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - original: The photo as decoded.
    ///   - protected: The protected photo, of the same size, layout and depth.
    /// - Returns: The file's bytes.
    /// - Throws: ``ImagingError`` if memory runs out.
    static func make(from original: Photo, to protected: Photo) throws(ImagingError) -> [UInt8] {
        var difference = protected
        difference.iccProfile = nil
        difference.codePoints = nil
        difference.colorimetry = nil
        // An orientation in it would rotate the difference when it is decoded.
        difference.metadata = PhotoMetadata()
        subtract(original.samples, from: &difference.samples, depth: original.depth)
        return hash(of: original).bytes + (try PNGEncoder.encode(difference))
    }

    /// Parses a file; `nil` if it is shorter than the digest.
    public init?(_ bytes: [UInt8]) {
        guard let digest = SHA256Digest(bytes: Array(bytes.prefix(SHA256Digest.byteCount))) else {
            return nil
        }
        originalSHA256 = digest
        png = Array(bytes.dropFirst(SHA256Digest.byteCount))
    }

    /// Recovers the original photo from a protected picture.
    ///
    /// - Parameters:
    ///   - protected: The protected picture's file.
    ///   - limits: The bounds on both pictures, checked before they are decoded.
    /// - Returns: The original samples, verified by their digest, with the protected picture's
    ///   profile and metadata. `nil` if the difference does not belong to this picture.
    /// - Throws: ``ImagingError`` if either picture is not a PNG or cannot be decoded.
    public func original(
        of protected: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) throws(ImagingError) -> Photo? {
        // Both are PNGs; a crafted file must not reach any other decoder.
        guard ImageFormat.detect(protected) == .png, ImageFormat.detect(png) == .png else {
            throw ImagingError(
                .unsupported,
                "The protected picture or what was added to it is not a PNG."
            )
        }
        var photo = try PhotoDecoder.decode(protected, limits: limits)
        let difference = try PhotoDecoder.decode(png, limits: limits)
        guard (photo.width, photo.height) == (difference.width, difference.height),
            photo.layout == difference.layout,
            photo.depth == difference.depth
        else { return nil }
        Self.subtract(difference.samples, from: &photo.samples, depth: photo.depth)
        return Self.hash(of: photo) == originalSHA256 ? photo : nil
    }

    /// Returns the SHA-256 digest of the text `WIDTH HEIGHT LAYOUT BITS`, a line feed, and the
    /// samples as they lie in memory.
    public static func hash(of photo: Photo) -> SHA256Digest {
        var hash = SHA256()
        let head =
            "\(photo.width) \(photo.height) \(photo.layout.rawValue) \(photo.depth.rawValue)\n"
        hash.update(Array(head.utf8))
        hash.update(photo.samples)
        return hash.finalize()
    }

    /// Subtracts samples modulo 256, or 65,536 for big-endian 16-bit samples.
    private static func subtract(
        _ other: [UInt8],
        from samples: inout [UInt8],
        depth: SampleDepth
    ) {
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
