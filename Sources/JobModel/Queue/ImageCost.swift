/// The cost of an image for the queue: its number of pixels, as far as known before decoding.
public enum ImageCost {
    /// The default maximum number of pixels of a picture.
    ///
    /// Decoders refuse larger pictures, so those are no work.
    public static let maxPixels = 110_000_000

    /// The permitted values for ``maxPixels``; above them a PNG's data would not fit into one
    /// chunk.
    public static let maxPixelsRange = 1000...250_000_000

    /// The estimated pixels per byte of a file whose header does not state its size.
    ///
    /// JPEGs have two or three, HEICs seven.
    private static let pixelsPerByte: UInt64 = 4

    /// The maximum number of pixels of a picture that is processed together with others.
    public static let maxSmallPixels = 256 * 256

    /// Returns the cost of a picture whose header states its size.
    ///
    /// - Parameters:
    ///   - width: The width in pixels.
    ///   - height: The height in pixels.
    ///   - limit: The maximum number of pixels of a picture.
    /// - Returns: The cost in pixels, from 1 to `limit`.
    public static func pixels(width: Int, height: Int, limit: Int = maxPixels) -> Int {
        let (product, isTooLarge) = width.multipliedReportingOverflow(by: height)
        return isTooLarge ? limit : min(max(product, 1), limit)
    }

    /// Returns the cost of a file whose size in pixels is unknown.
    ///
    /// Even a small file may contain a large picture, so it is never processed together with
    /// others.
    ///
    /// - Parameters:
    ///   - bytes: The size of the file in bytes.
    ///   - limit: The maximum number of pixels of a picture.
    /// - Returns: The cost in pixels: more than ``maxSmallPixels``, unless `limit` is less.
    public static func estimate(bytes: UInt64, limit: Int = maxPixels) -> Int {
        let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: pixelsPerByte)
        return isTooLarge ? limit : min(max(Int(clamping: product), maxSmallPixels + 1), limit)
    }
}
