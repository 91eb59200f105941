public import Imaging
import JobModel

/// Makes the change small where it would be seen: `mask=photo`.
///
/// The eye resolves blue worst and takes brightness mostly from green and red. So red and green keep little
/// of the change, and blue keeps most of it. Where the picture has hardly any blue, as on a red hat, a change
/// of blue is seen, so blue keeps less there. The weights come from
/// the picture alone, at the working size, so that they are as smooth as the change is.
public enum PhotoMask {
    /// The share of the change that red and green keep.
    public static let redGreenWeight: Float = 0.15
    /// The share that blue keeps where the picture has no blue.
    public static let blueFloor: Float = 0.1
    /// The share that blue keeps where the picture has plenty of it.
    public static let blueCeiling: Float = 0.6
    /// The blue, of 0 to 1 as displayed, from which on blue keeps ``blueCeiling``.
    public static let blueKnee: Float = 0.5

    /// The share of the change that blue keeps.
    ///
    /// - Parameter blue: The picture's blue, nominally 0 to 1 as displayed.
    /// - Returns: ``blueFloor`` to ``blueCeiling``, rising evenly up to ``blueKnee``.
    public static func blueWeight(blue: Float) -> Float {
        blueFloor + (blueCeiling - blueFloor) * min(max(blue / blueKnee, 0), 1)
    }

    /// Clips a change to a bound and weakens it.
    ///
    /// It is clipped first, since a weight on what the bound cuts off anyway would weaken nothing.
    ///
    /// - Parameters:
    ///   - delta: The change, three planes, 1 for the whole range of a sample.
    ///   - cover: The picture at the same size, three planes in 0 to 1 as displayed.
    ///   - bound: The largest change in the same unit as `delta`; `nil` for none.
    public static func apply(to delta: inout PlanarImage, cover: PlanarImage, bound: Float?) {
        precondition(delta.channels == 3 && cover.channels == 3, "the change and the picture have three channels")
        precondition(delta.width == cover.width && delta.height == cover.height, "they have one size")
        let pixels = cover.width * cover.height
        let largest = bound ?? .infinity
        delta.samples.withUnsafeMutableBufferPointer { delta in
            cover.samples.withUnsafeBufferPointer { cover in
                for index in 0..<2 * pixels {
                    delta[index] = min(max(delta[index], -largest), largest) * redGreenWeight
                }
                for index in 2 * pixels..<3 * pixels {
                    delta[index] = min(max(delta[index], -largest), largest) * blueWeight(blue: cover[index])
                }
            }
        }
    }
}

extension AppliedMask {
    /// Masks a change at its working size.
    ///
    /// - Parameters:
    ///   - delta: The change, three planes, 1 for the whole range of a sample.
    ///   - cover: The picture at the same size.
    ///   - settings: Their strength bounds the change before it is weakened, if they clip.
    func apply(to delta: inout PlanarImage, cover: PlanarImage, _ settings: ProtectionSettings) {
        switch self {
        case .photo:
            let bound = settings.clip ? Float(settings.strength) / 255 : nil
            PhotoMask.apply(to: &delta, cover: cover, bound: bound)
        case .unmasked: break
        }
    }
}
