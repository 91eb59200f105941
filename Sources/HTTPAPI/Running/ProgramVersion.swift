/// Which program this is.
public struct ProgramVersion: Sendable, Equatable {
    /// The version, in Semantic Versioning 2.0.
    public let number: String
    /// The commit that was built, in short.
    public let commit: String

    /// Creates a version.
    public init(number: String, commit: String) {
        self.number = number
        self.commit = commit
    }
}
