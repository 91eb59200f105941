/// The properties that all collages of a class share: two motifs and three colours, each a red, a
/// green and a blue in [0, 1].
struct CollageStyle {
    let background: [Double]
    let motifs: [(motif: CollageMotif, color: [Double])]

    // The fractional parts of the golden ratio and of the plastic number's powers place
    // neighbouring class indices far apart.
    private static let hueStep = 0.6180339887498949
    private static let lightnessStep = 0.7548776662466927
    private static let classStep: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Derives the style of a class.
    ///
    /// - Parameters:
    ///   - familySeed: The tenant's seed, the same for all its classes.
    ///   - classIndex: The index of the class in the tenant's family, from 0.
    init(familySeed: UInt64, classIndex: Int) {
        var family = SplitMix64(seed: familySeed)
        let place = Double(classIndex)
        let hue = (family.uniform() + place * Self.hueStep).truncatingRemainder(dividingBy: 1)
        var random = SplitMix64(
            seed: familySeed ^ Self.classStep &* (UInt64(classIndex) &+ 1)
        )
        _ = random.next()
        let lightness =
            0.25 + 0.5
            * (random.uniform() + place * Self.lightnessStep).truncatingRemainder(dividingBy: 1)
        background = Self.rgb(hue, lightness, random.uniform(0.4, 0.9))
        var colors: [[Double]] = []
        for shift in [0.5, 0.3] {
            let depth = 0.25 * random.uniform()
            let other = lightness > 0.5 ? 0.15 + depth : 0.85 - depth
            let turned = (hue + shift + 0.2 * random.uniform()).truncatingRemainder(dividingBy: 1)
            colors.append(Self.rgb(turned, other, random.uniform(0.5, 1)))
        }
        motifs = colors.map { (CollageMotif(&random), $0) }
    }

    /// Converts hue, lightness and saturation, each in [0, 1].
    private static func rgb(_ hue: Double, _ lightness: Double, _ saturation: Double) -> [Double] {
        let high = lightness + saturation * min(lightness, 1 - lightness)
        let low = 2 * lightness - high
        return [2.0, 0, -2].map { offset in
            let angle = 6 * hue + offset
            let place = angle < 0 ? angle + 6 : angle.truncatingRemainder(dividingBy: 6)
            return low + (high - low) * min(max(min(place, 4 - place), 0), 1)
        }
    }
}

/// A shape: `radius * (1 + depth * cos(lobes * angle))`, stretched and turned.
struct CollageMotif {
    /// 1...6.
    let lobes: Int
    /// 0..<0.6.
    let depth: Double
    /// The extent across the direction of `turn` relative to that along it.
    let aspect: Double
    /// In radians.
    let turn: Double
    /// Whether only the rim is drawn.
    let isRing: Bool
    /// The mean radius in pixels.
    let radius: Double

    /// Draws a class's shape.
    init(_ random: inout SplitMix64) {
        lobes = 1 + Int(random.uniform(0, 6))
        depth = random.uniform(0, 0.6)
        aspect = random.uniform(0.35, 1)
        turn = random.uniform(0, .pi)
        isRing = random.uniform() < 0.4
        radius = random.uniform(2.048, 4.352)
    }
}

/// A motif at one place: of one size and turned.
struct MotifOutline {
    /// The mean radius in pixels.
    let radius: Double
    private let motif: CollageMotif
    private let direction: (sine: Double, cosine: Double)
    /// The square of a distance from which on nothing is covered.
    private let squaredReach: Double
    private let inverseAspect: Double

    /// The width in pixels over which an outline fades.
    private static let edge = 1.0

    init(_ motif: CollageMotif, radius: Double, turn: Double) {
        (self.motif, self.radius) = (motif, radius)
        direction = PortableSine.both(motif.turn + turn)
        // The outline is nowhere farther than this; rounding is far below the hundredth.
        let reach = radius * (1 + motif.depth) + Self.edge / 2 + 0.01
        squaredReach = reach * reach
        inverseAspect = 1 / motif.aspect
    }

    /// Returns the share of a pixel that the motif covers.
    ///
    /// - Parameters:
    ///   - x: The pixel's offset from the motif's centre to the right, in pixels.
    ///   - y: The offset downwards.
    /// - Returns: 0 to 1.
    func coverage(x: Double, y: Double) -> Double {
        let along = x * direction.cosine + y * direction.sine
        let aside = y * direction.cosine - x * direction.sine
        // Most pixels are too far away for a division to be needed.
        let stretched = aside * inverseAspect
        guard along * along + stretched * stretched < squaredReach else { return 0 }
        let across = aside / motif.aspect
        let distance = (along * along + across * across).squareRoot()
        let cosine = distance > 0 ? along / distance : 1
        let outline = radius * (1 + motif.depth * Self.chebyshev(motif.lobes, cosine))
        let inside = Self.fading((outline - distance) / Self.edge)
        guard motif.isRing else { return inside }
        return inside * (1 - Self.fading((0.55 * outline - distance) / Self.edge))
    }

    private static func fading(_ distance: Double) -> Double {
        min(max(distance + 0.5, 0), 1)
    }

    /// cos(degree * arccos x), with the same bits on every machine.
    private static func chebyshev(_ degree: Int, _ x: Double) -> Double {
        var (before, now) = (1.0, x)
        for _ in 1..<degree { (before, now) = (now, 2 * x * now - before) }
        return now
    }
}
