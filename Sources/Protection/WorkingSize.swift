import Imaging

/// The size at which the perturbation is computed.
///
/// Trainers scale photos down before they learn from them, so the perturbation must live at that scale; the network then
/// costs the same for every photo of one shape.
public enum WorkingSize {
    /// The most pixels of a working size, which bounds the network's memory to about half a GiB.
    public static let maxPixels = 8_000_000

    /// The working size of a photo.
    ///
    /// - Parameters:
    ///   - width: The photo's columns, at least 1.
    ///   - height: The photo's rows, at least 1.
    ///   - shortSide: What the shorter side becomes if it is longer, at least 2. For very long photos it becomes less, so
    ///     that there are not more than ``maxPixels``.
    /// - Returns: A size of the photo's aspect whose shorter side is at most `shortSide`. It never exceeds the photo's,
    ///   except that no side is below 2.
    public static func of(width: Int, height: Int, shortSide: Int) -> (width: Int, height: Int) {
        precondition(width >= 1 && height >= 1 && shortSide >= 2, "sizes are positive")
        let short = min(width, height), long = max(width, height)
        // A working size of short side s has s * s * long / short pixels, up to rounding.
        let largest = Int((Double(maxPixels) * Double(short) / Double(long)).squareRoot())
        let target = max(2, min(shortSide, largest))
        guard short > target else { return (max(2, width), max(2, height)) }
        func scaled(_ side: Int) -> Int { (2 * side * target + short) / (2 * short) }
        return (scaled(width), scaled(height))
    }
}

extension Photo {
    /// What a method sees of the photo: three channels at the working size of a short side in pixels.
    func atWorkingSize(_ shortSide: Int) -> PlanarImage {
        let size = WorkingSize.of(width: width, height: height, shortSide: shortSide)
        return planarRGB(scaledTo: size.width, height: size.height)
    }
}
