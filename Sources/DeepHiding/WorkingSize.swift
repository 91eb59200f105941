/// The size at which the perturbation is computed.
///
/// Trainers scale photos down before they learn from them, so the perturbation must live at that scale; the network then
/// costs the same for every photo.
public enum WorkingSize {
    /// The working size of a photo.
    ///
    /// - Parameters:
    ///   - width: The photo's columns, at least 1.
    ///   - height: The photo's rows, at least 1.
    ///   - shortSide: What the shorter side becomes if it is longer, at least 2.
    /// - Returns: A size of the photo's aspect whose shorter side is at most `shortSide`. It never exceeds the photo's,
    ///   except that no side is below 2.
    public static func of(width: Int, height: Int, shortSide: Int) -> (width: Int, height: Int) {
        precondition(width >= 1 && height >= 1 && shortSide >= 2, "sizes are positive")
        let short = min(width, height)
        guard short > shortSide else { return (max(2, width), max(2, height)) }
        func scaled(_ side: Int) -> Int { (2 * side * shortSide + short) / (2 * short) }
        return (scaled(width), scaled(height))
    }
}
