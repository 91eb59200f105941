/// How much work an image is for the queue: its pixels, as far as they can be known before anybody decodes it.
public enum ImageCost {
    /// The most pixels that count; pictures of more are refused by whoever decodes them, and so are no work.
    public static let maxPixels = 50_000_000

    /// Pixels to a byte of a file whose header states no size: between a JPEG's two or three and an HEIC's seven.
    private static let pixelsPerByte: UInt64 = 4

    /// The most pixels of a picture that is worked on together with others.
    public static let maxSmallPixels = 256 * 256

    /// The cost of a picture whose header states its size.
    ///
    /// - Parameters:
    ///   - width: In pixels.
    ///   - height: In pixels.
    /// - Returns: 1 to ``maxPixels``.
    public static func pixels(width: Int, height: Int) -> Int {
        let (product, isTooLarge) = width.multipliedReportingOverflow(by: height)
        return isTooLarge ? maxPixels : min(max(product, 1), maxPixels)
    }

    /// The cost of a file of unknown size in pixels.
    ///
    /// A few bytes may be a picture of any size, so that nobody works on it together with others.
    ///
    /// - Parameter bytes: The size of the file.
    /// - Returns: More than ``maxSmallPixels``, at most ``maxPixels``.
    public static func estimate(bytes: UInt64) -> Int {
        let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: pixelsPerByte)
        return isTooLarge ? maxPixels : max(min(Int(clamping: product), maxPixels), maxSmallPixels + 1)
    }
}
