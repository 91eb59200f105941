/// The properties that all semantic images of a class share: the direction and spacing of strokes.
struct ClassOutline {
    /// A pattern of parallel strokes.
    struct Strokes {
        /// The direction of the strokes' normal in radians, 0...pi.
        let direction: Double
        /// The distance between two strokes, in pixels.
        let wavelength: Double
    }

    /// The strokes of the red and green channels.
    let redAndGreen: Strokes
    /// The strokes of the blue channel.
    let blue: Strokes

    /// The range of a channel's strokes, and the steps from one class to the next.
    private struct Choice {
        let wavelengths: (shortest: Double, longest: Double)
        let directionStep: Double
        let wavelengthStep: Double
    }

    // Red and green carry nearly all of the luminance: their strokes survive JPEG and are still too
    // fine to be content. JPEG blurs blue anyway; its strokes have wavelengths that are rare in
    // pictures. The steps are the fractional parts of the golden ratio and of sqrt(2), and both
    // constants of the R2 low-discrepancy sequence (the plastic number to the powers -1 and -2).
    // They place neighbouring class indices far apart.
    private static let redAndGreenChoice = Choice(
        wavelengths: (4.5, 6.5),
        directionStep: 0.6180339887498949,
        wavelengthStep: 0.5698402909980532
    )
    private static let blueChoice = Choice(
        wavelengths: (3.5, 4.5),
        directionStep: 0.7548776662466927,
        wavelengthStep: 0.41421356237309515
    )

    /// Derives the outline of a class.
    ///
    /// Trainers mirror pictures, so distances between directions count modulo mirroring, which
    /// folds them into a quarter turn. Every other class mirrors the direction in red and green,
    /// every other pair of classes in blue.
    ///
    /// - Parameters:
    ///   - familySeed: The tenant's seed, the same for all its classes.
    ///   - classIndex: The index of the class in the tenant's family, from 0.
    init(familySeed: UInt64, classIndex: Int) {
        var family = SplitMix64(seed: familySeed)
        redAndGreen = Self.strokes(
            Self.redAndGreenChoice,
            classIndex,
            isMirrored: classIndex & 1 != 0,
            &family
        )
        blue = Self.strokes(Self.blueChoice, classIndex, isMirrored: classIndex & 2 != 0, &family)
    }

    private static func strokes(
        _ choice: Choice,
        _ classIndex: Int,
        isMirrored: Bool,
        _ family: inout SplitMix64
    ) -> Strokes {
        let (angle, spacing) = (family.uniform(), family.uniform())
        let place = Double(classIndex)
        let folded =
            Double.pi / 2
            * (angle + place * choice.directionStep).truncatingRemainder(dividingBy: 1)
        let (shortest, longest) = choice.wavelengths
        let share = (spacing + place * choice.wavelengthStep).truncatingRemainder(dividingBy: 1)
        return Strokes(
            direction: isMirrored ? Double.pi - folded : folded,
            wavelength: shortest + (longest - shortest) * share
        )
    }
}
