import Imaging

/// The colour difference that one level of a change makes, by the picture's own colour.
///
/// The difference is CIE94's, with CIEDE2000's weight of lightness. It follows from the derivatives
/// of CIELAB, with sRGB's transfer function (IEC 61966-2-1) and primaries for any picture. Only
/// sums, products, quotients and square roots are used, so that every machine gets the same bits.
struct ColorDifference {
    /// The opponent channels of a change.
    struct Opponent {
        /// Red, green and blue alike.
        var luminance: Float
        /// Red up and green down.
        var redGreen: Float
        /// Blue alone.
        var blue: Float
    }

    /// The only one, since it is the same for every picture and its table takes time.
    static let shared = ColorDifference()

    private let curve = TransferCurve()

    private init() {}

    /// Returns the difference, in units of CIELAB, that a change of 1/255 makes.
    ///
    /// - Parameters:
    ///   - red: The picture's display value, clamped to [0, 1].
    ///   - green: As `red`.
    ///   - blue: As `red`.
    /// - Returns: The difference along each opponent channel, above 0.
    func ofALevel(red: Float, green: Float, blue: Float) -> Opponent {
        let (red, green, blue) = (curve[red], curve[green], curve[blue])
        let x = Tristimulus(Self.x, red.linear, green.linear, blue.linear)
        let y = Tristimulus(Self.y, red.linear, green.linear, blue.linear)
        let z = Tristimulus(Self.z, red.linear, green.linear, blue.linear)
        let color = Color(
            lightness: 116 * y.root - 16,
            a: 500 * (x.root - y.root),
            b: 200 * (y.root - z.root)
        )
        func difference(_ r: Float, _ g: Float, _ b: Float) -> Float {
            let (dx, dy, dz) = (x.change(r, g, b), y.change(r, g, b), z.change(r, g, b))
            return color.difference(116 * dy, 500 * (dx - dy), 200 * (dy - dz)) / 255
        }
        return Opponent(
            luminance: difference(red.slope, green.slope, blue.slope),
            redGreen: difference(red.slope, -green.slope, 0),
            blue: difference(0, 0, blue.slope)
        )
    }

    // Linear sRGB to XYZ, relative to the white point D65.
    private static let x = LinearSum(
        red: 0.4124 / 0.9505,
        green: 0.3576 / 0.9505,
        blue: 0.1805 / 0.9505
    )
    private static let y = LinearSum(red: 0.2126, green: 0.7152, blue: 0.0722)
    private static let z = LinearSum(
        red: 0.0193 / 1.089,
        green: 0.1192 / 1.089,
        blue: 0.9505 / 1.089
    )
}

private struct LinearSum {
    let red: Float
    let green: Float
    let blue: Float

    func callAsFunction(_ red: Float, _ green: Float, _ blue: Float) -> Float {
        self.red * red + self.green * green + self.blue * blue
    }
}

/// CIELAB's function of X, Y or Z and its derivative.
private struct Tristimulus {
    let root: Float
    private let slope: Float
    private let sum: LinearSum

    init(_ sum: LinearSum, _ red: Float, _ green: Float, _ blue: Float) {
        let steep: Float = (6.0 / 29) * (6.0 / 29)
        let value = sum(red, green, blue)
        root = value > steep * 6 / 29 ? cubeRoot(value) : value / (3 * steep) + 4.0 / 29
        slope = 1 / (3 * max(root * root, steep))
        self.sum = sum
    }

    /// The root's change by a change of linear red, green and blue.
    func change(_ red: Float, _ green: Float, _ blue: Float) -> Float {
        slope * sum(red, green, blue)
    }
}

/// A colour of CIELAB and the weights of changes about it.
private struct Color {
    private let a: Float
    private let b: Float
    private let chroma: Float
    private let lightnessWeight: Float

    init(lightness: Float, a: Float, b: Float) {
        let apart = (lightness - 50) * (lightness - 50)
        (self.a, self.b) = (a, b)
        chroma = max((a * a + b * b).squareRoot(), 1e-3)
        lightnessWeight = 1 + 0.015 * apart / (20 + apart).squareRoot()
    }

    /// The difference of a small change of lightness, a and b.
    func difference(_ lightness: Float, _ a: Float, _ b: Float) -> Float {
        let ofLightness = lightness / lightnessWeight
        let ofChroma = (self.a * a + self.b * b) / chroma
        let ofHue = max(a * a + b * b - ofChroma * ofChroma, 0)
        let weight = 1 + 0.045 * chroma
        return
            (ofLightness * ofLightness + ofChroma / weight * (ofChroma / weight) + ofHue
            / (1 + 0.015 * chroma) / (1 + 0.015 * chroma)).squareRoot()
    }
}

/// sRGB's transfer function and its slope, tabulated.
private struct TransferCurve {
    private let points: [(linear: Float, slope: Float)]
    private static let steps = 4096

    init() {
        points = (0...Self.steps).map { step in
            let value = Float(step) / Float(Self.steps)
            guard value > 0.04045 else { return (value / 12.92, 1 / 12.92) }
            let base = (value + 0.055) / 1.055
            let fifth = fifthRoot(base)
            let power = base * fifth * fifth
            return (power * base, power * 2.4 / 1.055)
        }
    }

    /// The linear value and the slope at a display value, interpolated.
    subscript(value: Float) -> (linear: Float, slope: Float) {
        let place = min(max(value, 0), 1) * Float(Self.steps)
        let step = min(Int(place), Self.steps - 1)
        let (share, low, high) = (place - Float(step), points[step], points[step + 1])
        return (
            low.linear + share * (high.linear - low.linear),
            low.slope + share * (high.slope - low.slope)
        )
    }
}

/// The cube root of a positive normal number, by Newton's method.
private func cubeRoot(_ value: Float) -> Float {
    var root = Float(bitPattern: value.bitPattern / 3 + 0x2A51_4067)
    for _ in 0..<3 { root = (2 * root + value / (root * root)) / 3 }
    return root
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
