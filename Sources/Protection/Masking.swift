import Imaging
import JobModel
import Methods

/// Masks a change at its working size.
struct Masking {
    private enum Kind {
        case none
        /// A bound in the unit of the change.
        case bound(Float)
        case channels(bound: Float?)
        case perceptual(PerceptualBudget)
    }

    private let kind: Kind

    /// Computes what a mask needs of the picture.
    ///
    /// - Parameters:
    ///   - mask: The mask that the picture's size and the job call for.
    ///   - kind: The mask that `photo` stands for with the weights in use.
    ///   - cover: The picture at the working size.
    ///   - settings: Their strength bounds the change, or scales the perceptual budget: the standard
    ///     strength has the standard budget.
    ///   - bands: Runs bands of the picture; the result does not depend on it.
    init(
        _ mask: AppliedMask,
        as kind: PhotoMask,
        cover: PlanarImage,
        _ settings: ProtectionSettings,
        bands: BandRunner
    ) {
        let bound = settings.clip ? Float(settings.strength) / 255 : nil
        switch (mask, kind) {
        case (.unmasked, .channels): self.kind = .none
        case (.unmasked, .perceptual):
            // Networks for this mask are trained with this bound where there is no mask. Release
            // bounds what is left, which rounding alone can take up to the bound.
            self.kind = bound.map(Kind.bound) ?? .none
        case (.photo, .channels): self.kind = .channels(bound: bound)
        case (.photo, .perceptual):
            let share = Float(settings.strength) / Float(ProtectionSettings.standard.strength)
            self.kind = .perceptual(PerceptualBudget(of: cover, strength: share, bands: bands))
        }
    }

    /// Whether the change may be smaller than a level, so that rounding would drop it.
    var dithers: Bool {
        if case .perceptual = kind { true } else { false }
    }

    /// The mean amplitude allowed, in levels, if the mask sets one.
    var mean: Double? {
        if case .perceptual(let budget) = kind { budget.mean } else { nil }
    }

    /// Masks a change.
    ///
    /// - Parameters:
    ///   - delta: The change, three planes of the picture's size; 1 is the whole range of a sample.
    ///   - cover: The picture at the working size.
    func apply(to delta: inout PlanarImage, cover: PlanarImage) {
        switch kind {
        case .none: break
        case .bound(let bound): Self.bound(&delta, by: bound)
        case .channels(let bound): ChannelMask.apply(to: &delta, cover: cover, bound: bound)
        case .perceptual(let budget): budget.limit(&delta)
        }
    }

    /// Keeps every value of a change below a bound: `x / sqrt(1 + (x / bound)^2)`.
    private static func bound(_ delta: inout PlanarImage, by bound: Float) {
        for index in delta.samples.indices {
            let ratio = delta.samples[index] / bound
            delta.samples[index] /= (1 + ratio * ratio).squareRoot()
        }
    }
}
