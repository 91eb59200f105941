import Imaging

/// The size at which the perturbation is computed.
///
/// Trainers scale photos down before learning from them, so the perturbation must live at that
/// scale. The network then costs the same for every photo of one aspect ratio.
public enum WorkingSize {
    /// The most pixels of a working size; they bound the network's memory to about half a GiB.
    public static let maxPixels = 8_000_000

    /// Returns the working size of a photo.
    ///
    /// - Parameters:
    ///   - width: The photo's number of columns, at least 1.
    ///   - height: The photo's number of rows, at least 1.
    ///   - shortSide: The most pixels of the shorter side, at least 2. Very elongated photos get
    ///     less, to stay within ``maxPixels``.
    /// - Returns: A size of the photo's aspect ratio whose shorter side is at most `shortSide`. It
    ///   never exceeds the photo's size, except that every side is at least 2.
    public static func of(width: Int, height: Int, shortSide: Int) -> (width: Int, height: Int) {
        precondition(width >= 1 && height >= 1 && shortSide >= 2, "sizes are positive")
        let short = min(width, height), long = max(width, height)
        // A working size with short side s has s * s * long / short pixels, up to rounding.
        let largest = Int((Double(maxPixels) * Double(short) / Double(long)).squareRoot())
        let target = max(2, min(shortSide, largest))
        guard short > target else { return (max(2, width), max(2, height)) }
        func scaled(_ side: Int) -> Int { (2 * side * target + short) / (2 * short) }
        return (scaled(width), scaled(height))
    }
}

extension Photo {
    /// Returns the photo as a method sees it: three channels, with the short side scaled to
    /// `shortSide` pixels if it is longer.
    func atWorkingSize(_ shortSide: Int, bands: BandRunner) -> PlanarImage {
        let size = WorkingSize.of(width: width, height: height, shortSide: shortSide)
        return planarRGB(scaledTo: size.width, height: size.height, bands: bands)
    }
}
