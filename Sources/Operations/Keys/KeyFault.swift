/// Why a requested API key is not valid.
public struct KeyFault: Error, Sendable, Equatable {
    /// The invalid member as the API names it, such as `expires_at`.
    public let member: String
    /// What the member must be, in one sentence.
    public let detail: String

    init(_ member: String, _ detail: String) {
        self.member = member
        self.detail = detail
    }
}
