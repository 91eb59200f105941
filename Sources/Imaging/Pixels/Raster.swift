/// Decoded pixels as stored, before the orientation is applied.
struct Raster: Sendable, Equatable {
    let width: Int
    let height: Int
    let layout: PixelLayout
    var depth = SampleDepth.eight
    /// The bytes of `height * width * layout.channels` samples, interleaved.
    let samples: [UInt8]
}

extension Photo {
    /// Creates a photo from upright pixels.
    init(
        _ raster: Raster,
        colors: PhotoColors,
        metadata: PhotoMetadata,
        sourceFormat: ImageFormat
    ) {
        self.init(
            width: raster.width,
            height: raster.height,
            layout: raster.layout,
            depth: raster.depth,
            samples: raster.samples,
            metadata: metadata,
            sourceFormat: sourceFormat
        )
        set(colors)
    }
}
