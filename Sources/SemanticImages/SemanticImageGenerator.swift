public import Imaging

/// Draws the secrets: one image for a class and a texture, from numbers alone.
///
/// The outline of a class divides the picture into two regions, each with its own direction and spacing of strokes; it
/// depends on the family and the class. The texture is what may change from sample to sample: where the strokes start,
/// their tint, the light across the picture. `Training/deephiding/semantic_images.py` is the reference, and the golden
/// vectors of the tests are its. The same numbers give the same bits on every machine.
public enum SemanticImageGenerator {
    /// The version of the algorithm below; another algorithm has another number, and old assignments keep theirs.
    public static let version = 1

    /// Draws a semantic image.
    ///
    /// - Parameters:
    ///   - familySeed: Of the tenant.
    ///   - classIndex: The class's place in the tenant's family, from 0.
    ///   - textureSeed: Of the class or of one image.
    ///   - version: Which generator assigned these numbers.
    ///   - width: Columns, 1...500,000.
    ///   - height: Rows, 1...500,000.
    /// - Returns: Three channels in [0, 1].
    /// - Throws: ``SemanticImageError`` if the version is unknown or the index negative.
    public static func image(
        familySeed: UInt64,
        classIndex: Int,
        textureSeed: UInt64,
        version: Int = SemanticImageGenerator.version,
        width: Int,
        height: Int
    ) throws(SemanticImageError) -> PlanarImage {
        guard version == Self.version else { throw .unknownVersion(version) }
        guard classIndex >= 0 else { throw .impossibleClassIndex(classIndex) }
        precondition(1...500_000 ~= width && 1...500_000 ~= height, "the angles stay in PortableSine's range")
        let outline = ClassOutline(familySeed: familySeed, classIndex: classIndex)
        let drawing = Drawing(outline: outline, textureSeed: textureSeed, width: width, height: height)
        return drawing.render()
    }
}

/// An outline and a texture laid out on a grid.
private struct Drawing {
    private let width: Int
    private let height: Int
    /// Pixels on the short side.
    private let side: Double
    private let strokes: [PlaneWave]
    private let field: [PlaneWave]
    private let tints: [[Double]]
    private let light: (across: Double, down: Double)

    init(outline: ClassOutline, textureSeed: UInt64, width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        let side = Double(min(width, height))
        self.side = side
        var texture = SplitMix64(seed: textureSeed)
        let phases = (0..<2).map { _ in texture.uniform(0, 2 * .pi) }
        tints = (0..<2).map { _ in (0..<3).map { _ in texture.uniform(-0.12, 0.12) } }
        let lightAngle = PortableSine.both(texture.uniform(0, 2 * .pi))
        let brightness = texture.uniform(0, 0.1)
        light = (brightness * lightAngle.cosine, brightness * lightAngle.sine)

        strokes = (0..<2).map { region in
            let direction = PortableSine.both(outline.directions[region])
            let frequency = 2 * Double.pi / outline.wavelengths[region]
            return PlaneWave(
                columns: (0..<width).map { frequency * direction.cosine * Double($0) + phases[region] },
                rows: (0..<height).map { frequency * direction.sine * Double($0) }
            )
        }
        field = outline.waves.map { wave in
            PlaneWave(
                columns: (0..<width).map { wave.across * Self.centred($0, of: width, side: side) + wave.phase },
                rows: (0..<height).map { wave.down * Self.centred($0, of: height, side: side) }
            )
        }
    }

    func render() -> PlanarImage {
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        result.samples.withUnsafeMutableBufferPointer { samples in
            for row in 0..<height {
                let down = light.down * Self.centred(row, of: height, side: side)
                for column in 0..<width {
                    let base = 0.5 + light.across * Self.centred(column, of: width, side: side) + down
                    let divided = field.reduce(0) { $0 + $1.value(column: column, row: row) }
                    // The border between the regions is as wide as half a stroke whatever the size of the picture.
                    let region = min(max(0.5 + divided * side / 24, 0), 1)
                    let first = 0.38 * stroke(0, column: column, row: row)
                    let second = 0.38 * stroke(1, column: column, row: row)
                    for channel in 0..<3 {
                        let value =
                            base + region * (first + tints[0][channel]) + (1 - region) * (second + tints[1][channel])
                        samples[(channel * height + row) * width + column] = Float(min(max(value, 0), 1))
                    }
                }
            }
        }
        return result
    }

    /// A stroke's profile: a sine with its crests cut off.
    private func stroke(_ region: Int, column: Int, row: Int) -> Double {
        min(max(1.5 * strokes[region].value(column: column, row: row), -1), 1)
    }

    /// The middle of a pixel as a distance from the picture's middle, in short sides.
    private static func centred(_ position: Int, of count: Int, side: Double) -> Double {
        (Double(position) + 0.5 - Double(count) / 2) / side
    }
}
