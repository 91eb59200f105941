import Glibc
import SemanticImages

/// A seeded generator of normally distributed numbers: SplitMix64 (Steele, Lea and Flood 2014) and
/// the Box-Muller transform.
struct GaussianNoise {
    private var random: SplitMix64
    private var spare: Float?

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// Returns the next sample of N(0, 1).
    mutating func next() -> Float {
        if let spare {
            self.spare = nil
            return spare
        }
        let radius = (-2 * log(1 - random.uniform())).squareRoot()
        let angle = 2 * Double.pi * random.uniform()
        spare = Float(radius * sin(angle))
        return Float(radius * cos(angle))
    }
}
