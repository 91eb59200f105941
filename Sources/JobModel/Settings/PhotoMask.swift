/// The masks that `mask=photo` may stand for.
///
/// Which one it is belongs to the weights, so that the same weights always give the same pictures.
public enum PhotoMask: String, Codable, Sendable, CaseIterable {
    /// A share of the change by colour channel, as in the first weights that had a mask.
    case channels
    /// A budget of visible difference by pixel and opponent channel.
    case perceptual
}
