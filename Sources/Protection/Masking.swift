import Imaging
import JobModel
import Methods

/// Masks a change at its working size.
enum Masking {
    /// What a mask did, as far as later steps and the report need it.
    struct Outcome {
        /// Whether the change may be smaller than a level, so that rounding would drop it.
        let dithers: Bool
        /// The mean amplitude allowed, in levels, if the mask sets one.
        let mean: Double?
    }

    /// Masks a change.
    ///
    /// - Parameters:
    ///   - delta: The change, three planes; 1 is the whole range of a sample.
    ///   - mask: The mask that the picture's size and the job call for.
    ///   - kind: The mask that `photo` stands for with the weights in use.
    ///   - cover: The picture at the same size.
    ///   - settings: Their strength bounds the change, or scales the perceptual budget: the standard
    ///     strength has the standard budget.
    /// - Returns: What later steps need of the mask.
    static func apply(
        to delta: inout PlanarImage,
        _ mask: AppliedMask,
        as kind: PhotoMask,
        cover: PlanarImage,
        _ settings: ProtectionSettings
    ) -> Outcome {
        switch (mask, kind) {
        case (.unmasked, .channels): return Outcome(dithers: false, mean: nil)
        case (.unmasked, .perceptual):
            // Networks for this mask are trained with this bound where there is no mask. Release
            // bounds what is left, which rounding alone can take up to the bound.
            if settings.clip { bound(&delta, by: Float(settings.strength) / 255) }
            return Outcome(dithers: false, mean: nil)
        case (.photo, .channels):
            let bound = settings.clip ? Float(settings.strength) / 255 : nil
            ChannelMask.apply(to: &delta, cover: cover, bound: bound)
            return Outcome(dithers: false, mean: nil)
        case (.photo, .perceptual):
            let share = Float(settings.strength) / Float(ProtectionSettings.standard.strength)
            let budget = PerceptualBudget(of: cover, strength: share)
            budget.limit(&delta)
            return Outcome(dithers: true, mean: budget.mean)
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
