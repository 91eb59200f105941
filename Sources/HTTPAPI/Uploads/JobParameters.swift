import HTTPTypes
import HTTPWire
import JobModel

/// The parameters of a job, from the query and from the fields of a form.
///
/// A field of the form overrides the query. Unknown parameters are refused: if a misspelt
/// `strength` were ignored, the photos would be protected less than requested.
struct JobParameters: Sendable {
    /// The parameters that both the query and a form accept.
    private enum Name: String, CaseIterable {
        case `class`, mode, strength, clip
        case workingSize = "working_size"
        case mask, metadata, format, quality, chroma
        case maxSide = "max_side"
        case model
        case methodSettings = "method_settings"
        case force, priority, preview, name
    }

    /// The class of the images that follow.
    private(set) var label: ClassLabel?
    /// The file name of an image sent as the body.
    private(set) var name: String?
    /// The job's priority.
    private(set) var priority = JobPriority.normal
    /// Whether previews are created.
    private(set) var previews = false
    /// Whether pictures that this service has already protected are protected again.
    private(set) var force = false
    private var mode: ProtectionMode?
    private var strength: Int?
    private var clip: Bool?
    private var workingSize: Int?
    private var mask: Mask?
    private var metadata: MetadataPolicy?
    private var format: OutputFormat?
    private var quality: Int?
    private var chroma: ChromaSampling?
    private var maxSide: Int?
    private var model: ModelName?
    private var ofMethod = MethodSettings.standard
    private let models: [OfferedModel]

    /// Reads the query of an upload.
    ///
    /// - Parameters:
    ///   - query: The query.
    ///   - models: The models that a job may choose; the first is the default.
    /// - Throws: ``APIError`` (400) or `SettingsFault`, which name the parameter.
    init(query: [QueryItem], models: [OfferedModel]) throws {
        self.models = models
        if let repeated = query.firstRepeated { throw APIError.parameterRepeated(repeated) }
        for item in query { try set(item.name, to: item.value) }
    }

    /// Sets a parameter, replacing any earlier value.
    ///
    /// - Throws: ``APIError`` (400) or `SettingsFault`, which name the parameter.
    mutating func set(_ name: String, to value: String) throws {
        switch Name(rawValue: name) {
        case .class: label = try Self.label(value)
        case .name: self.name = value
        case .priority: priority = try JobPriority(parsing: value)
        case .preview: previews = try Self.boolean(value, "preview")
        case .mode: mode = try ProtectionMode(parsing: value)
        case .strength:
            strength = try Self.number(
                value,
                "strength",
                "The strength must be a whole number from 1 to 16."
            )
        case .workingSize:
            workingSize = try Self.number(
                value,
                "working_size",
                "The working size must be a whole number from 64 to 1024."
            )
        case .mask: mask = try Mask(parsing: value)
        case .metadata: metadata = try MetadataPolicy(parsing: value)
        case .format: format = try OutputFormat(parsing: value)
        case .quality:
            quality = try Self.number(value, "quality", OutputSettings.qualityRule)
        case .chroma: chroma = try ChromaSampling(parsing: value)
        case .maxSide:
            maxSide = try Self.number(value, "max_side", OutputSettings.maxSideRule)
        case .model: model = try ModelName(parsing: value, among: models.map(\.name))
        case .methodSettings: ofMethod = try MethodSettings(parsing: value)
        case .force: force = try Self.boolean(value, "force")
        case .clip: clip = try Self.boolean(value, "clip")
        case nil:
            throw APIError.parameterUnknown(name, known: Name.allCases.map(\.rawValue))
        }
    }

    /// Returns whether a parameter exists.
    static func isKnown(_ name: String) -> Bool { Name(rawValue: name) != nil }

    /// Returns the settings of the job; parameters that were not set have their defaults.
    ///
    /// - Throws: `SettingsFault` for values out of range.
    func settings() throws(SettingsFault) -> ProtectionSettings {
        try settings(in: format ?? ProtectionSettings.standard.output.format)
    }

    private static func label(_ value: String) throws(SettingsFault) -> ClassLabel {
        do throws(SettingsFault) {
            return try ClassLabel(value)
        } catch {
            throw SettingsFault(error.code, "\(Quotation.of(value)) is no class. \(error.detail)")
        }
    }

    /// Whether a form may have a parameter more than once: as often as it has files.
    static func mayRepeat(_ name: String) -> Bool {
        name == Name.class.rawValue || name == Name.name.rawValue
    }

    /// Checks the values of a query that the fields of a form may add to.
    ///
    /// A quality or a chroma without a format is in order, since a field may name the format.
    ///
    /// - Throws: `SettingsFault` for values out of range.
    func checkRanges() throws(SettingsFault) {
        let isLossy = quality != nil || chroma != nil
        _ = try settings(in: format ?? (isLossy ? .jpeg : .png))
    }

    private func settings(in format: OutputFormat) throws(SettingsFault) -> ProtectionSettings {
        let standard = ProtectionSettings.standard
        return try ProtectionSettings(
            mode: mode ?? standard.mode,
            strength: strength ?? standard.strength,
            clip: clip ?? standard.clip,
            workingSize: workingSize ?? standard.workingSize,
            mask: mask ?? standard.mask,
            metadata: metadata ?? standard.metadata,
            output: OutputSettings(
                format: format,
                quality: quality,
                chroma: chroma,
                maxSide: maxSide
            ),
            model: model,
            ofMethod: ofMethod
        )
    }

    /// Checks that the model's method has the settings that are named for it.
    ///
    /// - Throws: `SettingsFault`.
    func checkMethodSettings() throws(SettingsFault) {
        guard let chosen = models.first(where: { model == nil || $0.name == model }) else { return }
        try ofMethod.check(against: chosen.settings, of: chosen.method)
    }

    /// Parses a whole number without a sign.
    static func number(_ text: String, _ name: String, _ detail: String) throws(APIError) -> Int {
        guard let value = Int(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .parameterInvalid(name, detail)
        }
        return value
    }

    /// Parses `true` or `false`, also as Python writes them: generated clients put these into
    /// forms.
    static func boolean(_ text: String, _ name: String) throws(APIError) -> Bool {
        switch text {
        case "true", "True": return true
        case "false", "False": return false
        default: throw .parameterInvalid(name, "The parameter \(name) must be true or false.")
        }
    }
}

extension [QueryItem] {
    /// The first name that occurs twice, so that its value is ambiguous.
    var firstRepeated: String? {
        var seen: Set<String> = []
        return first { !seen.insert($0.name).inserted }?.name
    }
}
