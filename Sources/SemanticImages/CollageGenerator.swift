import Imaging

/// Version 3: a collage of two motifs in three colours, scattered over the picture.
///
/// Motifs and colours are the class's; their places, sizes and turns are the texture's. The
/// reference implementation is `Training/deephiding/collage.py`, which produced the tests' golden
/// vectors.
enum CollageGenerator {
    /// The distance between two motifs, in pixels.
    private static let spacing = 5.76

    /// Draws three channels in [0, 1].
    static func image(
        familySeed: UInt64,
        classIndex: Int,
        textureSeed: UInt64,
        width: Int,
        height: Int
    ) -> PlanarImage {
        let style = CollageStyle(familySeed: familySeed, classIndex: classIndex)
        var texture = SplitMix64(seed: textureSeed)
        var canvas = CollageCanvas(width: width, height: height, color: style.background)
        for row in 0..<Int(Double(height) / spacing) + 2 {
            for column in 0..<Int(Double(width) / spacing) + 2 {
                let x = (Double(column) - 0.5 + texture.uniform(-0.4, 0.4)) * spacing
                let y = (Double(row) - 0.5 + texture.uniform(-0.4, 0.4)) * spacing
                let (motif, color) = style.motifs[Int(texture.uniform(0, 2))]
                let radius = motif.radius * texture.uniform(0.7, 1.3)
                let turn = texture.uniform(-0.35, 0.35)
                canvas.draw(
                    MotifOutline(motif, radius: radius, turn: turn),
                    color: color,
                    x: x,
                    y: y
                )
            }
        }
        return canvas.image
    }
}

/// A picture in double precision that motifs are drawn onto.
private struct CollageCanvas {
    private let width: Int
    private let height: Int
    private var samples: [Double]

    init(width: Int, height: Int, color: [Double]) {
        (self.width, self.height) = (width, height)
        samples = color.flatMap { [Double](repeating: $0, count: width * height) }
    }

    /// The picture as floats, three planes.
    var image: PlanarImage {
        PlanarImage(width: width, height: height, channels: 3, samples: samples.map(Float.init))
    }

    /// Blends a motif over the picture, centred at `x`, `y`.
    mutating func draw(_ outline: MotifOutline, color: [Double], x: Double, y: Double) {
        let reach = Int(1.7 * outline.radius) + 2
        precondition(color.count == 3, "a colour has three channels")
        let (left, top) = (Int(x.rounded(.down)) - reach, Int(y.rounded(.down)) - reach)
        let columns = max(0, left)..<max(0, left, min(width, left + 2 * reach + 1))
        let rows = max(0, top)..<max(0, top, min(height, top + 2 * reach + 1))
        let plane = width * height
        samples.withUnsafeMutableBufferPointer { samples in
            for row in rows {
                for column in columns {
                    let share = outline.coverage(x: Double(column) - x, y: Double(row) - y)
                    guard share > 0 else { continue }
                    var place = row * width + column
                    for value in color {
                        samples[place] += share * (value - samples[place])
                        place += plane
                    }
                }
            }
        }
    }
}
