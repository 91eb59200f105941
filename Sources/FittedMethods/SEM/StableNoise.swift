import Imaging
import SemanticImages

/// Stable error-minimising noise for one picture (Liu et al., AAAI 2024; step 3 of the algorithm).
///
/// Signed descent on the loss of an adversarially trained surrogate, averaged over shifts and random
/// perturbations: what is left is noise that the surrogate, and networks like it, read as the class.
struct StableNoise: Sendable {
    let surrogate: SurrogateNetwork
    let recipe: NoiseRecipe

    /// Returns the noise for a picture; equal arguments give equal bits.
    ///
    /// - Parameters:
    ///   - cover: Three channels in [0, 1].
    ///   - label: The class's index in the surrogate.
    ///   - bound: The largest change, 1 being the range of a sample.
    ///   - seed: Of the start, the shifts and the perturbations.
    /// - Returns: The noise, of the cover's size.
    func noise(for cover: PlanarImage, label: Int, bound: Float, seed: UInt64) -> PlanarImage {
        var random = SplitMix64(seed: seed)
        var delta = cover
        for index in delta.samples.indices { delta.samples[index] = random.within(bound) }
        let step = 2 * bound / Float(recipe.steps)
        for _ in 0..<recipe.steps {
            var slope = PlanarImage(
                width: cover.width,
                height: cover.height,
                channels: 3,
                repeating: 0
            )
            for _ in 0..<recipe.draws {
                slope = slope.adding(
                    gradient(at: cover.adding(delta), label: label, drawing: &random)
                )
            }
            for index in delta.samples.indices {
                let sign: Float = slope.samples[index].signum
                delta.samples[index] = min(max(delta.samples[index] - step * sign, -bound), bound)
            }
        }
        return delta
    }

    /// Returns the gradient of the loss by a picture under one draw; the perturbation is constant.
    private func gradient(
        at picture: PlanarImage,
        label: Int,
        drawing random: inout SplitMix64
    ) -> PlanarImage {
        let pad = Int((recipe.shift * Float(min(picture.width, picture.height))).rounded())
        let shift = Shift(atMost: pad, from: &random)
        let clipped = picture.clipped(to: 0...1)
        var seen = shift.applied(to: clipped)
        for index in seen.samples.indices {
            seen.samples[index] += random.within(recipe.radius / 255) - 0.5
        }
        var slope = surrogate.gradient(of: label, at: seen.clipped(to: -0.5...0.5)).gradient
        slope.drop(where: seen, isOutside: -0.5...0.5)
        slope = shift.transposed(slope)
        slope.drop(where: picture, isOutside: 0...1)
        return slope
    }
}

extension SplitMix64 {
    /// Returns the next number in [-`bound`, `bound`).
    fileprivate mutating func within(_ bound: Float) -> Float {
        Float(uniform(-Double(bound), Double(bound)))
    }
}

extension Float {
    /// 1, 0 or -1.
    fileprivate var signum: Float { self > 0 ? 1 : self < 0 ? -1 : 0 }
}

extension PlanarImage {
    fileprivate func clipped(to range: ClosedRange<Float>) -> PlanarImage {
        var result = self
        for index in result.samples.indices {
            result.samples[index] = min(max(samples[index], range.lowerBound), range.upperBound)
        }
        return result
    }

    /// Sets to 0 where clipping has changed `picture`, through which no gradient flows.
    fileprivate mutating func drop(
        where picture: PlanarImage,
        isOutside range: ClosedRange<Float>
    ) {
        for index in samples.indices where !(range ~= picture.samples[index]) { samples[index] = 0 }
    }
}
