/// What can go wrong in this module.
public enum CryptographyError: Error, Sendable, Equatable {
    /// The random generator gave nothing; no secret may be made then.
    case randomUnavailable
}
