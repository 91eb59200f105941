import Glibc

extension ImageQuality {
    /// The mean structural similarity of the luminance (Wang, Bovik, Sheikh and Simoncelli 2004).
    ///
    /// For luminances `x` and `y` (`0.299 R + 0.587 G + 0.114 B`, or gray) under a window of weights `w`,
    ///
    ///     SSIM = (2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2))
    ///
    /// with `μ = Σ w x`, `σx² = Σ w x² − μx²`, `σxy = Σ w x y − μx μy`, `C1 = (0.01 · 255)²`, `C2 = (0.03 · 255)²`. The
    /// window is an 11 × 11 Gaussian of σ = 1.5 whose weights add up to 1; the mean is over all positions where it lies
    /// wholly inside. A side shorter than 11 gets a window of that length. The photos are not scaled down beforehand.
    ///
    /// The window is separable, so rows are filtered in width as they come and eleven of them are kept: the memory is
    /// that of some fifty rows.
    ///
    /// - Precondition: Both photos have the same size and layout.
    /// - Returns: -1...1; 1 where the luminances are equal.
    public static func ssim(_ first: Photo, _ second: Photo) -> Double {
        requireComparable(first, second)
        var moments = WindowedMoments(width: first.width, height: first.height)
        let channels = first.layout.channels
        var sum = 0.0
        first.samples.withUnsafeBufferPointer { firstSamples in
            second.samples.withUnsafeBufferPointer { secondSamples in
                for row in 0..<first.height {
                    let range = row * first.width * channels..<(row + 1) * first.width * channels
                    sum += moments.append(
                        UnsafeBufferPointer(rebasing: firstSamples[range]),
                        UnsafeBufferPointer(rebasing: secondSamples[range]),
                        layout: first.layout
                    )
                }
            }
        }
        return sum / Double(moments.positions)
    }
}

/// The weighted sums of luminances and their products under a sliding Gaussian window.
///
/// Luminances are taken less 128: variances do not change by that, and their differences of large sums lose less to
/// rounding.
private struct WindowedMoments {
    /// x, y, x² + y², x y: the two squares are only ever needed together.
    private static let kinds = 4
    private static let lanes = 8
    private static let offset: Float = 128

    /// How many places the window has in the picture.
    let positions: Int
    private let width: Int
    private let height: Int
    private let rowTaps: [Float]
    private let columnTaps: [Float]
    /// Window positions in a row, and the same rounded up to whole vectors.
    private let outputWidth: Int
    private let paddedWidth: Int
    /// One row of each kind, with room for whole vectors and the window's tail.
    private var raw: [Float]
    private let rawStride: Int
    /// The last `columnTaps.count` rows, filtered in width; row `y` lies at `y % count`.
    private var filtered: [Float]
    private var rowsSeen = 0

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        rowTaps = Self.gaussian(count: min(11, width))
        columnTaps = Self.gaussian(count: min(11, height))
        outputWidth = width - rowTaps.count + 1
        positions = outputWidth * (height - columnTaps.count + 1)
        paddedWidth = (outputWidth + Self.lanes - 1) / Self.lanes * Self.lanes
        rawStride = paddedWidth + 11
        raw = [Float](repeating: 0, count: Self.kinds * rawStride)
        filtered = [Float](repeating: 0, count: columnTaps.count * Self.kinds * paddedWidth)
    }

    private static func gaussian(count: Int) -> [Float] {
        let center = Double(count - 1) / 2
        let weights = (0..<count).map { index in
            let distance = Double(index) - center
            return exp(-distance * distance / (2 * 1.5 * 1.5))
        }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    /// Takes in one row of both pictures; returns the sum of the similarities that are complete with it.
    mutating func append(
        _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8>,
        layout: PixelLayout
    ) -> Double {
        loadRow(first, second, layout: layout)
        filterRow(into: rowsSeen % columnTaps.count)
        rowsSeen += 1
        return rowsSeen < columnTaps.count ? 0 : similaritySum()
    }

    private mutating func loadRow(
        _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8>,
        layout: PixelLayout
    ) {
        let channels = layout.channels
        let isGray = layout.colorChannels == 1
        let (width, stride) = (width, rawStride)
        raw.withUnsafeMutableBufferPointer { raw in
            for column in 0..<width {
                let pixel = column * channels
                let x: Float
                let y: Float
                if isGray {
                    x = Float(first[pixel]) - Self.offset
                    y = Float(second[pixel]) - Self.offset
                } else {
                    x = Self.luminance(first[pixel], first[pixel + 1], first[pixel + 2])
                    y = Self.luminance(second[pixel], second[pixel + 1], second[pixel + 2])
                }
                raw[column] = x
                raw[stride + column] = y
                raw[2 * stride + column] = x * x + y * y
                raw[3 * stride + column] = x * y
            }
        }
    }

    @inline(__always)
    private static func luminance(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Float {
        0.299 * Float(red) + 0.587 * Float(green) + 0.114 * Float(blue) - offset
    }

    private mutating func filterRow(into slot: Int) {
        let (paddedWidth, rawStride) = (paddedWidth, rawStride)
        filtered.withUnsafeMutableBytes { filtered in
            raw.withUnsafeBytes { raw in
                for kind in 0..<Self.kinds {
                    let source = kind * rawStride
                    let target = (slot * Self.kinds + kind) * paddedWidth
                    for column in stride(from: 0, to: paddedWidth, by: Self.lanes) {
                        var sum = SIMD8<Float>.zero
                        for (tap, weight) in rowTaps.enumerated() {
                            sum += weight * Self.vector(raw, source + column + tap)
                        }
                        filtered.storeBytes(
                            of: sum,
                            toByteOffset: (target + column) * MemoryLayout<Float>.stride,
                            as: SIMD8<Float>.self
                        )
                    }
                }
            }
        }
    }

    /// Filters the rows that are held in height, and adds up the similarities of that row of window positions.
    private func similaritySum() -> Double {
        let oldest = rowsSeen % columnTaps.count
        var total = 0.0
        filtered.withUnsafeBytes { filtered in
            for column in stride(from: 0, to: paddedWidth, by: Self.lanes) {
                var x = SIMD8<Float>.zero
                var y = SIMD8<Float>.zero
                var squares = SIMD8<Float>.zero
                var products = SIMD8<Float>.zero
                var slot = oldest
                for weight in columnTaps {
                    let row = slot * Self.kinds * paddedWidth + column
                    x += weight * Self.vector(filtered, row)
                    y += weight * Self.vector(filtered, row + paddedWidth)
                    squares += weight * Self.vector(filtered, row + 2 * paddedWidth)
                    products += weight * Self.vector(filtered, row + 3 * paddedWidth)
                    slot += 1
                    if slot == columnTaps.count { slot = 0 }
                }
                let similarity = Self.similarity(x, y, squares, products)
                for lane in 0..<min(Self.lanes, outputWidth - column) { total += Double(similarity[lane]) }
            }
        }
        return total
    }

    @inline(__always)
    private static func similarity(
        _ x: SIMD8<Float>,
        _ y: SIMD8<Float>,
        _ squares: SIMD8<Float>,
        _ products: SIMD8<Float>
    ) -> SIMD8<Float> {
        let c1: Float = (0.01 * 255) * (0.01 * 255)
        let c2: Float = (0.03 * 255) * (0.03 * 255)
        let covariance = products - x * y
        let variances = squares - x * x - y * y
        let meanX = x + offset
        let meanY = y + offset
        let numerator = (2 * meanX * meanY + c1) * (2 * covariance + c2)
        return numerator / ((meanX * meanX + meanY * meanY + c1) * (variances + c2))
    }

    @inline(__always)
    private static func vector(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> SIMD8<Float> {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
    }
}
