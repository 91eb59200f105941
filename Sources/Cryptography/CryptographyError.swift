/// Errors of this module.
public enum CryptographyError: Error, Sendable, Equatable {
    /// The random generator failed; no secret may be generated.
    case randomUnavailable
}
