import JobModel

/// The settings of a request in the form of versions without masks.
///
/// They are compared with what those versions kept of a request.
struct UnmaskedSettings: Encodable {
    let mode: ProtectionMode
    let strength: Int
    let clip: Bool
    let workingSize: Int
    let metadata: MetadataPolicy

    /// Leaves the mask out.
    ///
    /// - Returns: `nil` for a mask or a model that no earlier request can have meant. A request that
    ///   named no mask meant none and reads `auto` today; one that `submit` had open before an update
    ///   reads `none`.
    init?(_ settings: ProtectionSettings) {
        guard settings.mask != .photo, settings.model == nil else { return nil }
        mode = settings.mode
        strength = settings.strength
        clip = settings.clip
        workingSize = settings.workingSize
        metadata = settings.metadata
    }
}
