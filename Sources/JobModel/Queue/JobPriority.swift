/// The urgency of a job among the jobs of the same API key.
///
/// A priority is a head start: the job is treated as if it had been created that much earlier or
/// later. An urgent job thus overtakes others, yet every job gets its turn once it is old enough,
/// whatever follows it. JSON: the raw value.
public enum JobPriority: String, Codable, Sendable, CaseIterable {
    /// After normal jobs created up to one ``step`` later.
    case low
    /// In the order of creation.
    case normal
    /// Before normal jobs created up to one ``step`` earlier.
    case high

    /// The difference between neighbouring priorities: four hours.
    public static let step: Duration = .seconds(4 * 60 * 60)

    /// How much earlier the job is treated as created; negative for later.
    public var headStart: Duration {
        switch self {
        case .low: .zero - Self.step
        case .normal: .zero
        case .high: Self.step
        }
    }

    /// Parses a raw value.
    ///
    /// - Throws: ``SettingsFault/Code/priorityInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let priority = JobPriority(rawValue: text) else {
            throw SettingsFault(.priorityInvalid, "The priority must be low, normal or high.")
        }
        self = priority
    }

    /// Returns the time that orders the jobs of a key; the earliest comes first.
    ///
    /// - Parameter createdAt: When the job was created, in milliseconds since 1970.
    /// - Returns: The creation time less the head start, in milliseconds.
    public func turn(ofJobCreatedAt createdAt: Int64) -> Int64 {
        createdAt - headStart.components.seconds * 1000
    }
}
