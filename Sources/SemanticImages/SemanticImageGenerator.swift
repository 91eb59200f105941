public import Imaging

/// Draws the secrets: one image for a class and a texture, from numbers alone.
///
/// The outline of a class is the direction and the spacing of gray strokes that cover the picture; it depends on the family
/// and the class. The texture is what may change from sample to sample: where the strokes start. `Training/deephiding/semantic_images.py` is the reference, and the golden
/// vectors of the tests are its. The same numbers give the same bits on every machine.
public enum SemanticImageGenerator {
    /// The version of the algorithm below; another algorithm has another number, and old assignments keep theirs.
    public static let version = 2

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
        var texture = SplitMix64(seed: textureSeed)
        let direction = PortableSine.both(outline.direction)
        let frequency = 2 * Double.pi / outline.wavelength
        let phase = texture.uniform(0, 2 * .pi)
        let wave = PlaneWave(
            columns: (0..<width).map { frequency * direction.cosine * Double($0) + phase },
            rows: (0..<height).map { frequency * direction.sine * Double($0) }
        )
        return draw(wave, width: width, height: height)
    }

    /// Strokes with the profile of a wave whose crests are cut off, the same in all three channels.
    private static func draw(_ wave: PlaneWave, width: Int, height: Int) -> PlanarImage {
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        let count = width * height
        result.samples.withUnsafeMutableBufferPointer { samples in
            for row in 0..<height {
                for column in 0..<width {
                    let crest = min(max(1.5 * wave.value(column: column, row: row), -1), 1)
                    let sample = Float(0.5 + 0.4 * crest)
                    for channel in 0..<3 { samples[channel * count + row * width + column] = sample }
                }
            }
        }
        return result
    }
}
