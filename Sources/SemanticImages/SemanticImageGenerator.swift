public import Imaging

/// Draws the secrets: one image for a class and a texture, from numbers alone.
///
/// The outline of a class is the direction and the spacing of strokes that cover the picture, one kind in red and green,
/// another one in blue; it depends on the family and the class. The texture is what may change from sample to sample: where the strokes start. `Training/deephiding/semantic_images.py` is the reference, and the golden
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
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        for (strokes, channels) in [(outline.redAndGreen, 0..<2), (outline.blue, 2..<3)] {
            let wave = wave(strokes, phase: texture.uniform(0, 2 * .pi), width: width, height: height)
            draw(wave, into: &result, channels: channels)
        }
        return result
    }

    private static func wave(_ strokes: ClassOutline.Strokes, phase: Double, width: Int, height: Int) -> PlaneWave {
        let direction = PortableSine.both(strokes.direction)
        let frequency = 2 * Double.pi / strokes.wavelength
        return PlaneWave(
            columns: (0..<width).map { frequency * direction.cosine * Double($0) + phase },
            rows: (0..<height).map { frequency * direction.sine * Double($0) }
        )
    }

    /// Fills channels with strokes that have the profile of a wave whose crests are cut off.
    private static func draw(_ wave: PlaneWave, into image: inout PlanarImage, channels: Range<Int>) {
        let (width, count) = (image.width, image.width * image.height)
        image.samples.withUnsafeMutableBufferPointer { samples in
            for pixel in 0..<count {
                let crest = min(max(1.5 * wave.value(column: pixel % width, row: pixel / width), -1), 1)
                let sample = Float(0.5 + 0.4 * crest)
                for channel in channels { samples[channel * count + pixel] = sample }
            }
        }
    }
}
