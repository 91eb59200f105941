public import Imaging

/// Weakens the change by colour channel: `mask=photo` for weights that name no other mask.
///
/// The eye resolves blue worst and takes brightness mostly from green and red. Red and green
/// therefore keep little of the change, and blue keeps most of it. A change of blue is visible
/// where the picture has hardly any blue, as on a red hat, so blue keeps less there. The weights
/// depend only on the picture at the working size, so they are as smooth as the change.
public enum ChannelMask {
    /// The fraction of the change that red and green keep.
    public static let redGreenWeight: Float = 0.15
    /// The fraction that blue keeps where the picture has no blue.
    public static let blueFloor: Float = 0.1
    /// The fraction that blue keeps where the picture has at least ``blueKnee`` of it.
    public static let blueCeiling: Float = 0.6
    /// The smallest display value of blue, 0 to 1, at which blue keeps ``blueCeiling``.
    public static let blueKnee: Float = 0.5

    /// Returns the fraction of the change that blue keeps.
    ///
    /// - Parameter blue: The picture's display value of blue, nominally 0 to 1.
    /// - Returns: ``blueFloor`` to ``blueCeiling``, rising linearly up to ``blueKnee``.
    public static func blueWeight(blue: Float) -> Float {
        blueFloor + (blueCeiling - blueFloor) * min(max(blue / blueKnee, 0), 1)
    }

    /// Clips a change to a bound and then weakens it.
    ///
    /// Clipping comes first. Otherwise, where the change far exceeds the bound, the bound would
    /// still cut off the weakened change, and the weight would have no effect.
    ///
    /// - Parameters:
    ///   - delta: The change, three planes; 1 is the whole range of a sample.
    ///   - cover: The picture at the same size, three planes of display values in [0, 1].
    ///   - bound: The largest change, in the unit of `delta`; `nil` for none.
    public static func apply(to delta: inout PlanarImage, cover: PlanarImage, bound: Float?) {
        precondition(
            delta.channels == 3 && cover.channels == 3,
            "the change and the picture have three channels"
        )
        precondition(
            delta.width == cover.width && delta.height == cover.height,
            "they have one size"
        )
        let pixels = cover.width * cover.height
        let largest = bound ?? .infinity
        delta.samples.withUnsafeMutableBufferPointer { delta in
            cover.samples.withUnsafeBufferPointer { cover in
                for index in 0..<2 * pixels {
                    delta[index] = min(max(delta[index], -largest), largest) * redGreenWeight
                }
                for index in 2 * pixels..<3 * pixels {
                    delta[index] =
                        min(max(delta[index], -largest), largest) * blueWeight(blue: cover[index])
                }
            }
        }
    }
}
