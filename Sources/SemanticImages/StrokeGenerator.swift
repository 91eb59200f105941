import Imaging

/// Version 2: strokes with the class's direction and spacing and the texture's phase.
///
/// Red and green share one pattern of strokes; blue has another. The reference implementation is
/// `Training/deephiding/semantic_images.py`, which produced the tests' golden vectors.
enum StrokeGenerator {
    /// Draws three channels in [0, 1].
    static func image(
        familySeed: UInt64,
        classIndex: Int,
        textureSeed: UInt64,
        width: Int,
        height: Int
    ) -> PlanarImage {
        let outline = ClassOutline(familySeed: familySeed, classIndex: classIndex)
        var texture = SplitMix64(seed: textureSeed)
        var result = PlanarImage(width: width, height: height, channels: 3, repeating: 0)
        for (strokes, channels) in [(outline.redAndGreen, 0..<2), (outline.blue, 2..<3)] {
            let wave = wave(
                strokes,
                phase: texture.uniform(0, 2 * .pi),
                width: width,
                height: height
            )
            draw(wave, into: &result, channels: channels)
        }
        return result
    }

    private static func wave(
        _ strokes: ClassOutline.Strokes,
        phase: Double,
        width: Int,
        height: Int
    ) -> PlaneWave {
        let direction = PortableSine.both(strokes.direction)
        let frequency = 2 * Double.pi / strokes.wavelength
        return PlaneWave(
            columns: (0..<width).map { frequency * direction.cosine * Double($0) + phase },
            rows: (0..<height).map { frequency * direction.sine * Double($0) }
        )
    }

    /// Fills channels with strokes in the profile of a clipped sine wave.
    private static func draw(
        _ wave: PlaneWave,
        into image: inout PlanarImage,
        channels: Range<Int>
    ) {
        let (width, count) = (image.width, image.width * image.height)
        image.samples.withUnsafeMutableBufferPointer { samples in
            for pixel in 0..<count {
                let crest = min(
                    max(1.5 * wave.value(column: pixel % width, row: pixel / width), -1),
                    1
                )
                let sample = Float(0.5 + 0.4 * crest)
                for channel in channels { samples[channel * count + pixel] = sample }
            }
        }
    }
}
