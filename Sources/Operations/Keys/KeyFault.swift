/// Why an API key cannot be made as somebody describes it.
public struct KeyFault: Error, Sendable, Equatable {
    /// The member of the description that is wrong, as the API names it: `expires_at`.
    public let member: String
    /// What it has to be, in one sentence.
    public let detail: String

    init(_ member: String, _ detail: String) {
        self.member = member
        self.detail = detail
    }
}
