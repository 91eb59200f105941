/// How limits that fit pictures of 50 million pixels grow where pictures may have more; they never
/// shrink.
public struct PixelScale: Sendable {
    private static let basePixels = 50_000_000

    private let pixels: Int

    /// Scales to pictures of so many pixels.
    public init(maxPixels: Int) {
        pixels = max(maxPixels, Self.basePixels)
    }

    /// The most address space of a process that decodes, 4 GiB at the least: 86 bytes a pixel.
    ///
    /// Measured at 100 million pixels are 19 bytes at most, 51 with previews and recovery, both of
    /// 16 bits with alpha and turned by a quarter.
    public var addressSpaceBytes: UInt64 { scaled(4 << 30) }

    /// The most bytes of what a codec answers about a picture.
    public var answerBytes: UInt64 { scaled(CodecLimits().maxBodyBytes) }

    /// Grows a number.
    public func scaled(_ number: UInt64) -> UInt64 {
        number + number / UInt64(Self.basePixels) * UInt64(pixels - Self.basePixels)
    }

    /// Grows a duration.
    public func scaled(_ duration: Duration) -> Duration {
        duration * pixels / Self.basePixels
    }
}
