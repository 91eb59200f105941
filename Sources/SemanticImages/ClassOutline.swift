/// What all semantic images of a class share: how their strokes run.
struct ClassOutline {
    /// One kind of strokes.
    struct Strokes {
        /// Of their normal, in radians, 0...pi.
        let direction: Double
        /// Distance of two of them, in pixels.
        let wavelength: Double
    }

    /// Those of the red and green channels.
    let redAndGreen: Strokes
    /// Those of the blue channel.
    let blue: Strokes

    /// What the strokes of a channel may be like, and by which steps they differ from one class to the next.
    private struct Choice {
        let wavelengths: (shortest: Double, longest: Double)
        let directionStep: Double
        let wavelengthStep: Double
    }

    // Red and green are nearly all of the luminance: their strokes survive JPEG and are not yet content. JPEG blurs blue anyway: its
    // strokes are such as pictures hardly have. The steps are fractions of the golden ratio, of the plastic number and of sqrt(2), and a
    // constant of the R2 low-discrepancy sequence: neighbours in class index are far apart.
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
    /// Trainers mirror pictures, so that directions count as if folded into a quarter turn. Every other class has the mirrored
    /// direction in red and green, every other pair of classes in blue.
    ///
    /// - Parameters:
    ///   - familySeed: Of the tenant, the same for all its classes.
    ///   - classIndex: The class's place in the family, from 0.
    init(familySeed: UInt64, classIndex: Int) {
        var family = SplitMix64(seed: familySeed)
        redAndGreen = Self.strokes(Self.redAndGreenChoice, classIndex, isMirrored: classIndex & 1 != 0, &family)
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
        let folded = Double.pi / 2 * (angle + place * choice.directionStep).truncatingRemainder(dividingBy: 1)
        let (shortest, longest) = choice.wavelengths
        let share = (spacing + place * choice.wavelengthStep).truncatingRemainder(dividingBy: 1)
        return Strokes(
            direction: isMirrored ? Double.pi - folded : folded,
            wavelength: shortest + (longest - shortest) * share
        )
    }
}
