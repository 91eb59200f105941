import Imaging
import SemanticImages

/// A mirror with probability 1/2 and a shift, as trainers draw them; what comes in is 0.
struct Shift {
    private let isMirrored: Bool
    private let rows: Int
    private let columns: Int

    /// Draws one of at most `pad` pixels.
    init(atMost pad: Int, from random: inout SplitMix64) {
        isMirrored = random.uniform() < 0.5
        rows = Int(random.uniform() * Double(2 * pad + 1)) - pad
        columns = Int(random.uniform() * Double(2 * pad + 1)) - pad
    }

    /// Returns planes as they are after it.
    func applied(to planes: PlanarImage) -> PlanarImage {
        moved(planes) { from, to in (from, to) }
    }

    /// Returns the gradient before it, of that after it.
    func transposed(_ gradient: PlanarImage) -> PlanarImage {
        moved(gradient) { from, to in (to, from) }
    }

    private func moved(
        _ planes: PlanarImage,
        _ direction: (_ from: Int, _ to: Int) -> (from: Int, to: Int)
    ) -> PlanarImage {
        let (width, height) = (planes.width, planes.height)
        var result = planes
        for index in result.samples.indices { result.samples[index] = 0 }
        for channel in 0..<planes.channels {
            for y in max(0, -rows)..<min(height, height - rows) {
                for x in 0..<width {
                    let column = (isMirrored ? width - 1 - x : x) + columns
                    guard 0..<width ~= column else { continue }
                    let start = channel * height * width
                    let (from, to) = direction(
                        start + (y + rows) * width + column,
                        start + y * width + x
                    )
                    result.samples[to] = planes.samples[from]
                }
            }
        }
        return result
    }
}
