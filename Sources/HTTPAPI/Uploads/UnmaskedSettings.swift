import JobModel

/// The settings of a request as versions had them that knew no mask, for comparison with what those have kept of a request.
struct UnmaskedSettings: Encodable {
    let mode: ProtectionMode
    let strength: Int
    let clip: Bool
    let workingSize: Int
    let metadata: MetadataPolicy

    /// Leaves the mask out.
    ///
    /// - Returns: `nil` for a mask or a model that no earlier request can have meant. One that named no mask meant none, and today reads `auto`; what
    ///   `submit` had open before an update reads `none`.
    init?(_ settings: ProtectionSettings) {
        guard settings.mask != .photo, settings.model == nil else { return nil }
        mode = settings.mode
        strength = settings.strength
        clip = settings.clip
        workingSize = settings.workingSize
        metadata = settings.metadata
    }
}
