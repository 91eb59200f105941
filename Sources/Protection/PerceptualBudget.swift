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

        @inline(__always)
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

    /// The rows of a band.
    private static let rowsPerBand = 32

    /// Computes the budget of a picture.
    ///
    /// - Parameters:
    ///   - cover: The picture at the working size, three planes of display values in [0, 1].
    ///   - strength: The factor of the standard budget, above 0.
    ///   - bands: Runs bands of the picture; the result does not depend on it.
    public init(of cover: PlanarImage, strength: Float = 1, bands: BandRunner = .serial) {
        precondition(cover.channels == 3, "the picture has three channels")
        var amplitudes = PlanarImage(
            width: cover.width,
            height: cover.height,
            channels: 3,
            repeating: 0
        )
        let ranges = bands.bands(ofRows: cover.height, size: Self.rowsPerBand)
        amplitudes.samples.withUnsafeMutableBufferPointer { amplitudes in
            guard let start = amplitudes.baseAddress else { return }
            // Every band writes rows of its own.
            nonisolated(unsafe) let planes = start
            bands.run(ranges.count) { index in
                Self.write(ranges[index], of: cover, strength, to: planes)
            }
        }
        self.amplitudes = amplitudes
    }

    /// Writes rows of the amplitudes into three planes.
    private static func write(
        _ rows: Range<Int>,
        of cover: PlanarImage,
        _ strength: Float,
        to planes: UnsafeMutablePointer<Float>
    ) {
        let count = cover.width * cover.height
        let pixels = rows.lowerBound * cover.width..<rows.upperBound * cover.width
        let texture = TextureMap.deviations(of: cover, rows: rows)
        cover.samples.withUnsafeBufferPointer { samples in
            guard let samples = samples.baseAddress else { return }
            let ofALevel = ColorDifference.shared.ofALevel(
                samples,
                planeCount: count,
                pixels: pixels
            )
            for (index, pixel) in pixels.enumerated() {
                let luminance = luminanceMasking.factor(texture[index]) * Allowed.luminance
                let color = colorMasking.factor(texture[index])
                let blue = 255 * min(max(samples[2 * count + pixel], 0), 1)
                let mostBlue = min(largest, leastBlue + blueShare * blue)
                planes[pixel] = strength * min(luminance / ofALevel.luminance[index], largest)
                planes[count + pixel] =
                    strength * min(color * Allowed.redGreen / ofALevel.redGreen[index], largest)
                planes[2 * count + pixel] =
                    strength * min(color * Allowed.blue / ofALevel.blue[index], mostBlue)
            }
        }
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
        delta.samples.withUnsafeMutableBufferPointer { delta in
            amplitudes.samples.withUnsafeBufferPointer { amplitudes in
                func limited(_ part: Float, _ plane: Int, _ pixel: Int) -> Float {
                    let ratio = part / amplitudes[plane * count + pixel]
                    return part / (1 + ratio * ratio).squareRoot() / 255
                }
                for pixel in 0..<count {
                    let red = 255 * delta[pixel]
                    let green = 255 * delta[count + pixel]
                    let blue = 255 * delta[2 * count + pixel]
                    let luminance = limited((red + green) / 2, 0, pixel)
                    let redGreen = limited((red - green) / 2, 1, pixel)
                    delta[pixel] = luminance + redGreen
                    delta[count + pixel] = luminance - redGreen
                    delta[2 * count + pixel] =
                        luminance + limited(blue - (red + green) / 2, 2, pixel)
                }
            }
        }
    }
}
