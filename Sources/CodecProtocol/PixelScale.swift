/// Scales limits that are set for pictures of 50 million pixels up to larger pictures; never down.
public struct PixelScale: Sendable {
    private static let basePixels = 50_000_000

    private let pixels: Int

    /// Creates the scale for pictures of up to a number of pixels.
    public init(maxPixels: Int) {
        pixels = max(maxPixels, Self.basePixels)
    }

    /// The most address space of a decoding process: 86 bytes per pixel, and at least 4 GiB.
    ///
    /// At 100 million pixels, at most 19 bytes per pixel were measured, and 51 with previews and
    /// recovery. Both are for 16-bit pictures with alpha that are rotated by 90 degrees.
    public var addressSpaceBytes: UInt64 { scaled(4 << 30) }

    /// The most bytes in the body of a codec's answer about one picture.
    public var answerBytes: UInt64 { scaled(CodecLimits().maxBodyBytes) }

    /// Scales a number.
    public func scaled(_ number: UInt64) -> UInt64 {
        number + number / UInt64(Self.basePixels) * UInt64(pixels - Self.basePixels)
    }

    /// Scales a duration.
    public func scaled(_ duration: Duration) -> Duration {
        duration * pixels / Self.basePixels
    }
}
