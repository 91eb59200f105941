/// What all semantic images of a class share: how their strokes run.
struct ClassOutline {
    /// Of the normal to the strokes, in radians, 0...pi.
    let direction: Double
    /// Distance of the strokes, in pixels.
    let wavelength: Double

    /// Shortest and longest distance of two strokes in pixels: what survives JPEG and is not yet content.
    private static let wavelengthRange = (4.5, 6.5)
    /// The fraction of the golden ratio, and a constant of the R2 low-discrepancy sequence: neighbours in class index are far apart.
    private static let directionStep = 0.6180339887498949
    private static let wavelengthStep = 0.5698402909980532

    /// Derives the outline of a class.
    ///
    /// Trainers mirror pictures, so that directions count as if folded into a quarter turn. Every other class has the mirrored
    /// one.
    ///
    /// - Parameters:
    ///   - familySeed: Of the tenant, the same for all its classes.
    ///   - classIndex: The class's place in the family, from 0.
    init(familySeed: UInt64, classIndex: Int) {
        var family = SplitMix64(seed: familySeed)
        let (angle, spacing) = (family.uniform(), family.uniform())
        let place = Double(classIndex)
        let folded = Double.pi / 2 * (angle + place * Self.directionStep).truncatingRemainder(dividingBy: 1)
        direction = classIndex.isMultiple(of: 2) ? folded : Double.pi - folded
        let (shortest, longest) = Self.wavelengthRange
        let share = (spacing + place * Self.wavelengthStep).truncatingRemainder(dividingBy: 1)
        wavelength = shortest + (longest - shortest) * share
    }
}
