/// How urgent a job is among the jobs of the same key.
///
/// A priority is a head start: the job is treated as if it had come so much earlier or later. So an urgent job overtakes others,
/// and yet every job comes to the front once it is old enough, whatever comes after it. JSON: the word.
public enum JobPriority: String, Codable, Sendable, CaseIterable {
    /// After everything that comes within the next hours.
    case low
    /// In the order of arrival.
    case normal
    /// Before everything that came within the last hours.
    case high

    /// How much two neighbouring priorities are apart.
    public static let step: Duration = .seconds(4 * 60 * 60)

    /// How much earlier than it did the job came, as it were; negative for later.
    public var headStart: Duration {
        switch self {
        case .low: .zero - Self.step
        case .normal: .zero
        case .high: Self.step
        }
    }

    /// Reads the word.
    ///
    /// - Throws: ``SettingsFault/Code/priorityInvalid``.
    public init(parsing text: String) throws(SettingsFault) {
        guard let priority = JobPriority(rawValue: text) else {
            throw SettingsFault(.priorityInvalid, "The priority must be low, normal or high.")
        }
        self = priority
    }

    /// The moment from which a job's place among the jobs of its key counts; the earliest comes first.
    ///
    /// - Parameter createdAt: When the job was made, in milliseconds since 1970.
    /// - Returns: That moment less the head start, in the same unit.
    public func turn(ofJobMadeAt createdAt: Int64) -> Int64 {
        createdAt - headStart.components.seconds * 1000
    }
}
