import JobModel

/// The settings of a request as versions without masks encoded them.
///
/// They reproduce the fingerprints that those versions stored.
struct UnmaskedSettings: Encodable {
    let mode: ProtectionMode
    let strength: Int
    let clip: Bool
    let workingSize: Int
    let metadata: MetadataPolicy

    /// Drops the mask; `nil` for a mask, a model or an output that no earlier version knew.
    ///
    /// A request without a mask now decodes as `auto`, and had none in earlier versions. A request
    /// that `palimpsest submit` had begun before an update says `none`.
    init?(_ settings: ProtectionSettings) {
        guard settings.mask != .photo, settings.model == nil, settings.output == .standard
        else { return nil }
        mode = settings.mode
        strength = settings.strength
        clip = settings.clip
        workingSize = settings.workingSize ?? ProtectionSettings.earlierWorkingSize
        metadata = settings.metadata
    }
}
