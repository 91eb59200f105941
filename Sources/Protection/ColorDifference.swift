import CKernels
import Imaging

/// The colour difference that one level of a change makes, by the picture's own colour.
///
/// The difference is CIE94's, with CIEDE2000's weight of lightness. It follows from the derivatives
/// of CIELAB, with sRGB's transfer function (IEC 61966-2-1) and primaries for any picture. Only
/// sums, products, quotients and square roots are used, so that every machine gets the same bits.
struct ColorDifference {
    /// The only one, since it is the same for every picture and its table takes time.
    static let shared = ColorDifference()

    let curve = TransferCurve()

    private init() {}

    /// Computes the differences, in units of CIELAB, that a change of 1/255 makes to some pixels.
    ///
    /// - Parameters:
    ///   - planes: The picture's display values, clamped to [0, 1]: three planes.
    ///   - planeCount: The pixels of a plane.
    ///   - pixels: The pixels.
    /// - Returns: The difference along each opponent channel, above 0: of red, green and blue alike;
    ///   of red up and green down; of blue alone.
    func ofALevel(
        _ planes: UnsafePointer<Float>,
        planeCount: Int,
        pixels: Range<Int>
    ) -> (luminance: [Float], redGreen: [Float], blue: [Float]) {
        let zeros = [Float](repeating: 0, count: pixels.count)
        var (luminance, redGreen, blue) = (zeros, zeros, zeros)
        let start = planes + pixels.lowerBound
        plm_color_differences(
            InstructionSet.preferred.kernel,
            curve.points,
            start,
            start + planeCount,
            start + 2 * planeCount,
            pixels.count,
            &luminance,
            &redGreen,
            &blue
        )
        return (luminance, redGreen, blue)
    }
}

/// sRGB's transfer function and its slope, tabulated.
struct TransferCurve {
    let points: [plm_curve_point]

    init() {
        let steps = Int(PLM_CURVE_STEPS)
        points = (0...steps).map { step in
            let value = Float(step) / Float(steps)
            guard value > 0.04045 else {
                return plm_curve_point(linear: value / 12.92, slope: 1 / 12.92)
            }
            let base = (value + 0.055) / 1.055
            let fifth = fifthRoot(base)
            let power = base * fifth * fifth
            return plm_curve_point(linear: power * base, slope: power * 2.4 / 1.055)
        }
    }
}

/// The fifth root of a number between 0.05 and 1, by Newton's method.
private func fifthRoot(_ value: Float) -> Float {
    var root: Float = 1
    for _ in 0..<12 {
        let square = root * root
        root = (4 * root + value / (square * square)) / 5
    }
    return root
}
