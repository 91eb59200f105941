/// What all semantic images of a class share: how the picture is divided, and how the strokes of each part run.
struct ClassOutline {
    /// A wave of the field that divides the picture: its angle grows by `across` over the picture's short side to the right
    /// and by `down` over it downwards.
    struct DividingWave {
        let across: Double
        let down: Double
        let phase: Double
    }

    /// Of the strokes in either region, in radians.
    let directions: [Double]
    /// Distance of the strokes in either region, in pixels.
    let wavelengths: [Double]
    let waves: [DividingWave]

    /// Shortest and longest distance of two strokes in pixels: what survives JPEG and is not yet content.
    private static let wavelengthRange = (4.5, 6.5)
    /// The first two constants of the R2 low-discrepancy sequence: neighbours in class index are far apart in direction.
    private static let directionSteps = [0.7548776662466927, 0.5698402909980532]

    /// Derives the outline of a class.
    ///
    /// - Parameters:
    ///   - familySeed: Of the tenant, the same for all its classes.
    ///   - classIndex: The class's place in the family, from 0.
    init(familySeed: UInt64, classIndex: Int) {
        var family = SplitMix64(seed: familySeed)
        directions = Self.directionSteps.map { step in
            Double.pi * (family.uniform() + Double(classIndex) * step).truncatingRemainder(dividingBy: 1)
        }
        var mixer = SplitMix64(seed: familySeed &+ 0x632B_E59B_D9B4_E019 &* (UInt64(classIndex) &+ 1))
        var random = SplitMix64(seed: mixer.next())
        wavelengths = (0..<2).map { _ in random.uniform(Self.wavelengthRange.0, Self.wavelengthRange.1) }
        waves = (0..<3).map { _ in
            let (sine, cosine) = PortableSine.both(random.uniform(0, 2 * .pi))
            let cycles = random.uniform(0.4, 1.1)
            return DividingWave(
                across: 2 * .pi * cycles * cosine,
                down: 2 * .pi * cycles * sine,
                phase: random.uniform(0, 2 * .pi)
            )
        }
    }
}
