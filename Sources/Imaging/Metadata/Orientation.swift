/// The transformation that turns a stored picture upright (TIFF 6.0 and Exif 2.32, tag 0x0112).
///
/// The raw values are those of the tag; the names state the required operation.
enum Orientation: Int, Sendable, CaseIterable {
    case asStored = 1
    case mirrorHorizontally = 2
    case rotate180 = 3
    case mirrorVertically = 4
    case transpose = 5
    case rotate90Clockwise = 6
    case transverse = 7
    case rotate270Clockwise = 8

    /// Whether width and height are swapped.
    var swapsSides: Bool {
        switch self {
        case .asStored, .mirrorHorizontally, .rotate180, .mirrorVertically: false
        case .transpose, .rotate90Clockwise, .transverse, .rotate270Clockwise: true
        }
    }

    /// Returns the upright picture; shares the storage if there is nothing to do.
    func upright(_ raster: Raster) -> Raster {
        if self == .asStored { return raster }
        let (width, height) = (raster.width, raster.height)
        let (resultWidth, resultHeight) = swapsSides ? (height, width) : (width, height)
        // The source index of the result's first pixel, and the source steps to its right and lower
        // neighbours.
        let (lastColumn, lastRow) = (width - 1, (height - 1) * width)
        let (origin, right, down) =
            switch self {
            case .asStored: (0, 1, width)
            case .mirrorHorizontally: (lastColumn, -1, width)
            case .rotate180: (lastRow + lastColumn, -1, -width)
            case .mirrorVertically: (lastRow, 1, -width)
            case .transpose: (0, width, 1)
            case .rotate90Clockwise: (lastRow, -width, 1)
            case .transverse: (lastRow + lastColumn, -width, -1)
            case .rotate270Clockwise: (lastColumn, width, -1)
            }
        let walk = Walk(
            origin: origin,
            right: right,
            down: down,
            width: resultWidth,
            height: resultHeight
        )
        // Reserve one extra byte per row, which the PNG encoder needs.
        let samples = [UInt8](unsafeUninitializedCapacity: raster.samples.count + resultHeight) {
            target,
            initializedCount in
            raster.samples.withUnsafeBufferPointer { source in
                walk.copy(
                    source,
                    to: target,
                    pixelBytes: raster.layout.channels * raster.depth.byteCount
                )
            }
            initializedCount = raster.samples.count
        }
        return Raster(
            width: resultWidth,
            height: resultHeight,
            layout: raster.layout,
            depth: raster.depth,
            samples: samples
        )
    }

    /// A traversal of the source, in pixels, in the order of the result.
    private struct Walk {
        let origin: Int
        let right: Int
        let down: Int
        let width: Int
        let height: Int

        /// Copies in tiles, so that a quarter turn does not touch a new cache line for every pixel.
        func copy(
            _ source: UnsafeBufferPointer<UInt8>,
            to target: UnsafeMutableBufferPointer<UInt8>,
            pixelBytes: Int
        ) {
            let tile = 32
            for top in stride(from: 0, to: height, by: tile) {
                for left in stride(from: 0, to: width, by: tile) {
                    for row in top..<min(top + tile, height) {
                        for column in left..<min(left + tile, width) {
                            let from = (origin + column * right + row * down) * pixelBytes
                            let to = (row * width + column) * pixelBytes
                            for byte in 0..<pixelBytes { target[to + byte] = source[from + byte] }
                        }
                    }
                }
            }
        }
    }
}
