public import Imaging

/// How far each pixel of a picture may change unseen: `mask=photo` for weights trained for it.
///
/// On even ground the eye notices a colour difference; texture hides more. A change is split into
/// luminance, red against green, and blue, and each part is held within its own amplitude. What
/// masks a change is content of the change's own band of frequencies, so all of it is computed at
/// the working size, where the change is. `Training/deephiding/budget.py` is the reference.
public struct PerceptualBudget: Sendable {
    /// The colour differences that are allowed, before texture raises or lowers them.
    private enum Allowed {
        static let luminance: Float = 0.05
        static let redGreen: Float = 0.39
        static let blue: Float = 2.2
    }

    /// How texture raises an amplitude: a factor that grows with the deviation in levels.
    private struct Masking {
        /// The factor on even ground.
        let even: Float
        /// The levels of deviation that add 1.
        let texture: Float
        let largest: Float

        func factor(_ deviation: Float) -> Float { min(even + deviation / texture, largest) }
    }

    private static let luminanceMasking = Masking(even: 1, texture: 5, largest: 3)
    /// Colour is seen first on even and pale ground.
    private static let colorMasking = Masking(even: 0.4, texture: 4, largest: 2.5)
    /// The largest amplitude in levels.
    private static let largest: Float = 8

    /// The levels of blue's amplitude where there is no blue, and what each level of blue adds.
    ///
    /// By Weber's law: a colour difference forgives too much on dark and saturated ground.
    private static let leastBlue: Float = 1.1
    private static let blueShare: Float = 0.055

    /// Three planes of amplitudes in levels of 1/255: luminance, red against green, blue.
    let amplitudes: PlanarImage

    /// Computes the budget of a picture.
    ///
    /// - Parameters:
    ///   - cover: The picture at the working size, three planes of display values in [0, 1].
    ///   - strength: The factor of the standard budget, above 0.
    public init(of cover: PlanarImage, strength: Float = 1) {
        precondition(cover.channels == 3, "the picture has three channels")
        let count = cover.width * cover.height
        let (texture, difference) = (TextureMap.deviations(of: cover), ColorDifference.shared)
        var amplitudes = PlanarImage(
            width: cover.width,
            height: cover.height,
            channels: 3,
            repeating: 0
        )
        for pixel in 0..<count {
            let ofALevel = difference.ofALevel(
                red: cover.samples[pixel],
                green: cover.samples[count + pixel],
                blue: cover.samples[2 * count + pixel]
            )
            let luminance = Self.luminanceMasking.factor(texture[pixel]) * Allowed.luminance
            let color = Self.colorMasking.factor(texture[pixel])
            func set(_ plane: Int, _ levels: Float, atMost most: Float = Self.largest) {
                amplitudes.samples[plane * count + pixel] = strength * min(levels, most)
            }
            let blue = 255 * min(max(cover.samples[2 * count + pixel], 0), 1)
            set(0, luminance / ofALevel.luminance)
            set(1, color * Allowed.redGreen / ofALevel.redGreen)
            set(
                2,
                color * Allowed.blue / ofALevel.blue,
                atMost: min(Self.largest, Self.leastBlue + Self.blueShare * blue)
            )
        }
        self.amplitudes = amplitudes
    }

    /// The mean amplitude in levels, over the pixels and the three parts.
    public var mean: Double {
        amplitudes.samples.reduce(0) { $0 + Double($1) } / Double(amplitudes.samples.count)
    }

    /// Holds a change within the budget.
    ///
    /// A part `o` with amplitude `a` becomes `o / sqrt(1 + (o / a)^2)`, which grows with `o` and
    /// stays below `a`.
    ///
    /// - Parameter delta: The change, three planes of the picture's size; 1 is the whole range of a
    ///   sample.
    public func limit(_ delta: inout PlanarImage) {
        precondition(
            delta.channels == 3 && delta.width == amplitudes.width
                && delta.height == amplitudes.height,
            "the change has the picture's size"
        )
        let count = delta.width * delta.height
        func limited(_ part: Float, _ plane: Int, _ pixel: Int) -> Float {
            let ratio = part / amplitudes.samples[plane * count + pixel]
            return part / (1 + ratio * ratio).squareRoot() / 255
        }
        for pixel in 0..<count {
            let red = 255 * delta.samples[pixel]
            let green = 255 * delta.samples[count + pixel]
            let blue = 255 * delta.samples[2 * count + pixel]
            let luminance = limited((red + green) / 2, 0, pixel)
            let redGreen = limited((red - green) / 2, 1, pixel)
            delta.samples[pixel] = luminance + redGreen
            delta.samples[count + pixel] = luminance - redGreen
            delta.samples[2 * count + pixel] =
                luminance + limited(blue - (red + green) / 2, 2, pixel)
        }
    }
}
