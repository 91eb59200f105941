/// How much work an image is for the queue: its pixels, as far as they can be known before anybody decodes it.
public enum ImageCost {
    /// The most pixels that count unless told otherwise; pictures of more are refused by whoever decodes them, and so are no work.
    public static let maxPixels = 110_000_000

    /// What may be set for ``maxPixels``; beyond, a PNG would not fit into a chunk.
    public static let settablePixels = 1000...250_000_000

    /// Pixels to a byte of a file whose header states no size: between a JPEG's two or three and an HEIC's seven.
    private static let pixelsPerByte: UInt64 = 4

    /// The most pixels of a picture that is worked on together with others.
    public static let maxSmallPixels = 256 * 256

    /// The cost of a picture whose header states its size.
    ///
    /// - Parameters:
    ///   - width: In pixels.
    ///   - height: In pixels.
    ///   - limit: The most pixels that a picture may have.
    /// - Returns: 1 to `limit`.
    public static func pixels(width: Int, height: Int, limit: Int = maxPixels) -> Int {
        let (product, isTooLarge) = width.multipliedReportingOverflow(by: height)
        return isTooLarge ? limit : min(max(product, 1), limit)
    }

    /// The cost of a file of unknown size in pixels.
    ///
    /// A few bytes may be a picture of any size, so that nobody works on it together with others.
    ///
    /// - Parameters:
    ///   - bytes: The size of the file.
    ///   - limit: The most pixels that a picture may have.
    /// - Returns: More than ``maxSmallPixels``, unless `limit` is less.
    public static func estimate(bytes: UInt64, limit: Int = maxPixels) -> Int {
        let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: pixelsPerByte)
        return isTooLarge ? limit : min(max(Int(clamping: product), maxSmallPixels + 1), limit)
    }
}
